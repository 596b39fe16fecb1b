/// An optimizer that divides by the root of a running mean of squared gradients, its `secondMoment`.
package protocol AveragesSquares: HasUsualNumbers {
  /// The share of the mean of gradients that stays at each update.
  var beta1: Double { get set }
  /// The share of the mean of squares that stays at each update.
  var beta2: Double { get set }
  /// What is added to the root.
  var epsilon: Double { get set }
  /// Whether the mean lacks nothing for having started at zero, as its share is smaller at first.
  var startsCorrected: Bool { get }
}

extension AveragesSquares {
  package var startsCorrected: Bool { false }

  package static var usualNumbers: [UsualNumber<Self>] {
    UsualNumber.ofMoments(\.epsilon, \.beta1, \.beta2)
  }
}

extension Adam: AveragesSquares {}
extension AdamW: AveragesSquares {}
extension LAMB: AveragesSquares {}
extension NAdam: AveragesSquares {}
extension RAdam: AveragesSquares {}
extension StableAdamW: AveragesSquares {
  package var startsCorrected: Bool { true }
}

extension Varying: AveragesSquares where Base: AveragesSquares {
  /// Those of parameters that no variation concerns.
  package var beta1: Double {
    get { base.beta1 }
    set { base.beta1 = newValue }
  }
  package var beta2: Double {
    get { base.beta2 }
    set { base.beta2 = newValue }
  }
  package var epsilon: Double {
    get { base.epsilon }
    set { base.epsilon = newValue }
  }
  package var startsCorrected: Bool { base.startsCorrected }
}

extension Optimizer {
  /// How large the last gradient of a parameter was beside what its update was divided by: √(mean of g² / max(v, ε²)),
  /// which is about 1 while gradients are as they were.
  ///
  /// - Parameter before: the second moment before the last update; nil where there was none.
  /// - Numerics: the squares are what the mean has moved by, so that no gradient is needed. Nil where no mean of
  ///   squares is kept, or it is kept in half precision.
  /// - Source: Wortsman et al. 2023, section 3.4, arXiv:2304.13013.
  package func secondMomentLag(of named: NamedParameter, before: Tensor?) -> Double? {
    guard let rule = rule(for: named).optimizer as? any AveragesSquares,
      let state = states[named.path], state.step > 0, let now = state.tensors["secondMoment"],
      !now.dtype.isHalf, now.count > 0, rule.beta2 < 1
    else { return nil }
    // How much of the mean is there after so many updates, and the share of it that the last one was.
    let filled = 1 - power(rule.beta2, state.step)
    let share = (1 - rule.beta2) / filled
    let stays = rule.startsCorrected ? 1 - share : rule.beta2
    let least = rule.epsilon * rule.epsilon * (rule.startsCorrected ? 1 : filled)
    let grown = before.map { now - $0 * stays } ?? now
    let squares = grown.relu() / now.clamped(min: least)
    let mean = squares.mean().item() / share
    return mean.isFinite ? mean.squareRoot() : nil
  }
}
