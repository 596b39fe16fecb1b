/// An optimizer that treats some parameters in another way than the rest.
///
///     AdamW(weightDecay: 0.1)
///       .varying(.biasesAndNorms) { $0.weightDecay = 0 }
///       .varying(.path("head.**"), learningRateFactor: 10)
///
/// Of variations that concern the same parameter all count; where they set the same, the last does. States are named by
/// path as ever, so that a state may be loaded with other variations.
public struct Varying<Base: Optimizer>: Optimizer {
  /// The optimizer for parameters that no variation concerns. Its own states are not used.
  public var base: Base
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState]
  private var variations: [Variation] = []

  /// One variation.
  private struct Variation: Sendable {
    let filter: ParameterFilter
    var learningRateFactor = 1.0
    var rounding: HalfRounding?
    var stateType: StateType?
    var change: @Sendable (inout Base) -> Void = { _ in }
    var other: (any Optimizer)?
  }

  fileprivate init(_ base: Base) {
    (self.base, states) = (base, base.states)
    self.base.states = [:]
  }

  /// What is kept of a parameter that no variation concerns.
  public var stateNames: [String] { base.stateNames }

  /// What is kept of a parameter that no variation concerns.
  public func slots(for shape: Shape) -> [StateSlot] { base.slots(for: shape) }

  /// The base's rule with all variations that concern the parameter.
  public func rule(for parameter: NamedParameter) -> UpdateRule {
    let variations = variations.filter { $0.filter.contains(parameter) }
    var base = base
    for variation in variations { variation.change(&base) }
    let other = variations.last { $0.other != nil }?.other
    var rule = (other ?? base).rule(for: parameter)
    for variation in variations {
      rule.learningRateFactor *= variation.learningRateFactor
      rule.rounding = variation.rounding ?? rule.rounding
      rule.stateType = variation.stateType ?? rule.stateType
    }
    return rule
  }

  /// The value of a parameter that no variation concerns after one update.
  public func updated(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState, learningRate: Double,
    gradientScale: Double
  ) -> Tensor {
    base.updated(
      value, gradient: gradient, state: &state, learningRate: learningRate,
      gradientScale: gradientScale)
  }
}

extension Varying {
  /// This optimizer with a variation more.
  ///
  /// - Errors: traps when the factor is negative, NaN or infinite, or the change sets a number out of its range.
  public func varying(
    _ filter: ParameterFilter, learningRateFactor: Double = 1, rounding: HalfRounding? = nil,
    state: StateType? = nil, _ change: @escaping @Sendable (inout Base) -> Void = { _ in }
  ) -> Varying {
    guard NumberRange.nonNegative.check(learningRateFactor, "learningRateFactor", of: "varying")
    else { return self }
    // A mistake in it is reported now rather than at the first update.
    var changed = base
    change(&changed)
    return adding(
      Variation(
        filter: filter, learningRateFactor: learningRateFactor, rounding: rounding,
        stateType: state, change: change))
  }

  /// This optimizer with another for some of the parameters.
  public func using(_ other: any Optimizer, for filter: ParameterFilter) -> Varying {
    adding(Variation(filter: filter, other: other))
  }

  /// This optimizer with another rounding of parameters in half precision.
  public func rounding(_ rounding: HalfRounding) -> Varying { varying(.all, rounding: rounding) }

  /// This optimizer with another dtype of what it keeps of each parameter.
  public func keepingState(in type: StateType) -> Varying { varying(.all, state: type) }

  private func adding(_ variation: Variation) -> Varying {
    var result = self
    result.variations.append(variation)
    return result
  }
}

extension Optimizer {
  /// This optimizer with other settings for some of the parameters.
  ///
  /// - Parameters:
  ///   - learningRateFactor: what the learning rate of these parameters is multiplied by.
  ///   - rounding: how they are rounded where they are in half precision; nil for as before.
  ///   - state: how what is kept of them is kept; nil for as before.
  ///   - change: sets hyper-parameters.
  /// - Errors: traps when the factor is negative, NaN or infinite, or the change sets a number out of its range.
  public func varying(
    _ filter: ParameterFilter, learningRateFactor: Double = 1, rounding: HalfRounding? = nil,
    state: StateType? = nil, _ change: @escaping @Sendable (inout Self) -> Void = { _ in }
  ) -> Varying<Self> {
    Varying(self).varying(
      filter, learningRateFactor: learningRateFactor, rounding: rounding, state: state, change)
  }

  /// This optimizer with another for some of the parameters. The other's own states are not used.
  ///
  ///     Muon().using(AdamW(), for: .path("embedding.**"))
  public func using(_ other: any Optimizer, for filter: ParameterFilter) -> Varying<Self> {
    Varying(self).using(other, for: filter)
  }

  /// This optimizer with another rounding of parameters in half precision.
  public func rounding(_ rounding: HalfRounding) -> Varying<Self> {
    Varying(self).rounding(rounding)
  }

  /// This optimizer with another dtype of what it keeps of each parameter. What is kept already is converted by the
  /// next update.
  public func keepingState(in type: StateType) -> Varying<Self> {
    Varying(self).keepingState(in: type)
  }
}

/// An optimizer that may round weights in half precision otherwise than all others do.
package protocol RoundsWeights {
  /// Whether what rounding takes from some weights is lost.
  var losesDigits: Bool { get }
}

extension Varying: RoundsWeights {
  package var losesDigits: Bool { variations.contains { $0.rounding == .nearest } }
}

extension Varying<AdamW> {
  package static var samples: [any Optimizer] {
    [
      AdamW().varying(.biasesAndNorms) { $0.weightDecay = 0 },
      AdamW(amsgrad: true).varying(.all, learningRateFactor: 0.5) { $0.amsgrad = false },
      AdamW().using(SGD(momentum: 0.9), for: .path("weight")),
      AdamW(amsgrad: true).keepingState(in: .bfloat16(seed: 1)),
    ]
  }
}
