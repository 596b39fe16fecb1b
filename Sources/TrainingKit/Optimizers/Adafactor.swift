internal import CTrainingKernels

/// Adam without a first moment, whose mean squares of a matrix are kept as a row and a column: hardly any memory.
///
/// - Update: 1 − β₂ = t^decayExponent; v from row means r and column means c of g² as r c / mean(r), for vectors v
///   itself; d = g / √max(v, ε²); p ← (1 − learningRate · weightDecay) p
///   − max(scaleEpsilon, rms(p)) · min(learningRate, 1 / √t) / max(1, rms(d) / clippingThreshold) · d.
/// - Shape: parameters of more than two axes are stacks of matrices.
/// - State: `rowVariance` and `columnVariance`, or `variance` for vectors; memory for one parameter's step while it is
///   computed.
/// - Source: Shazeer and Stern 2018, algorithms 4 and 5, arXiv:1804.04235, in PyTorch's form.
public struct Adafactor: Optimizer {
  /// The power of the number of updates by which the mean squares forget; 0 or less.
  @HyperParameter("Adafactor", "decayExponent", .nonPositive) public var decayExponent: Double
  /// The least root of a mean square; nil for the machine epsilon of the dtype of the arithmetic.
  public var epsilon: Double? {
    didSet { if !isRight(epsilon) { epsilon = oldValue } }
  }
  /// The least size of a parameter that steps are relative to.
  @HyperParameter("Adafactor", "scaleEpsilon", .nonNegative) public var scaleEpsilon: Double
  /// The root mean square of a step beyond which it is scaled down.
  @HyperParameter("Adafactor", "clippingThreshold", .positive) public var clippingThreshold: Double
  /// The share of the weights, times the learning rate, that each update takes away.
  @HyperParameter("Adafactor", "weightDecay", .nonNegative) public var weightDecay: Double
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    decayExponent: Double = -0.8, epsilon: Double? = nil, scaleEpsilon: Double = 1e-3,
    clippingThreshold: Double = 1, weightDecay: Double = 0
  ) {
    self.decayExponent = decayExponent
    self.scaleEpsilon = scaleEpsilon
    self.clippingThreshold = clippingThreshold
    self.weightDecay = weightDecay
    if isRight(epsilon) { self.epsilon = epsilon }
  }

  private func isRight(_ epsilon: Double?) -> Bool {
    epsilon.map { NumberRange.nonNegative.check($0, "epsilon", of: "Adafactor") } ?? true
  }

  /// What is kept of a parameter.
  public func slots(for shape: Shape) -> [StateSlot] {
    guard shape.rank > 1 else { return [StateSlot("variance", shape)] }
    return [
      StateSlot("rowVariance", shape.replacing(shape.rank - 1, with: 1)),
      StateSlot("columnVariance", shape.replacing(shape.rank - 2, with: 1)),
    ]
  }

  /// The value of a parameter after one update.
  public func updated(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState, learningRate: Double,
    gradientScale: Double
  ) -> Tensor {
    let gradient = gradient.prepared(for: value.dtype)
    guard value.count > 0, state.reserve(slots(for: value.shape), value.dtype),
      !gradient.isHollow
    else { return value }
    let time = Double(state.step)
    let direction = direction(
      from: value.room, gradient, &state, share: power(time, decayExponent), gradientScale)
    if direction.isHollow { return value }
    let rate = min(learningRate, 1 / time.squareRoot()) * max(scaleEpsilon, value.rootMeanSquare)
    let excess = max(1, direction.rootMeanSquare / clippingThreshold)
    return FusedUpdate(tk_update_descent, rate / excess, 1 - learningRate * weightDecay)(
      value, gradient: direction, state: &state)
  }

  /// The gradient by the root of its mean square, written to `room`.
  ///
  /// - Parameter share: that of the gradient in the mean square.
  private func direction(
    from room: consuming Tensor, _ gradient: Tensor, _ state: inout ParameterState, share: Double,
    _ scale: Double
  ) -> Tensor {
    let least = epsilon ?? gradient.dtype.machineEpsilon
    guard gradient.rank > 1 else {
      return FusedUpdate(
        tk_update_adafactor_vector, share, least * least, gradientScale: scale)(
          room, gradient: gradient, state: &state, slots(for: gradient.shape))
    }
    for (name, axis) in [("rowVariance", -1), ("columnVariance", -2)] {
      let mean = gradient.squareSum(axis: axis) * (scale * scale / Double(gradient.shape[axis]))
      let kept = state.tensors[name]!
      state.tensors[name] = kept + (mean - kept) * share
    }
    let (row, column) = (state.tensors["rowVariance"]!, state.tensors["columnVariance"]!)
    let floor = Tensor(least, dtype: row.dtype)
    let estimate = row / row.mean(axis: -2, keepDims: true).maximum(floor) * column
    return FusedUpdate(tk_update_adafactor_matrix, 0, least * least, gradientScale: scale)(
      estimate, gradient: gradient, state: &state)
  }
}

extension Tensor {
  /// The sums of squares along an axis, which is kept with one element.
  fileprivate func squareSum(axis: Int) -> Tensor {
    (self * self).sum(axes: [axis], keepDims: true)
  }
}

extension Adafactor {
  package static let samples: [any Optimizer] = [
    Adafactor(), Adafactor(epsilon: 1e-4, weightDecay: 0.1),
    Adafactor(decayExponent: -0.5, scaleEpsilon: 0.1, clippingThreshold: 2),
  ]
}
