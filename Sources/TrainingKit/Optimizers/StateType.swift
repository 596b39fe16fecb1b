/// How an optimizer keeps what has the shape of a parameter, such as moments and velocities.
///
///     AdamW().keepingState(in: .bfloat16(seed: 7))
///
/// What has another shape, such as the row and column means of ``Adafactor``, and the state of parameters in float64
/// are not concerned.
public enum StateType: Sendable, Hashable {
  /// In float32, and in float64 for parameters in float64. This is the default.
  case full
  /// In bfloat16, which takes half the bytes. Updates are computed in float32; what is kept of them is rounded up or
  /// down at random, so that its mean is exact. To the nearest, a mean that changes by less than a 256th of itself a
  /// step, such as a second moment with a beta2 of 0.999, would stop where it is.
  ///
  /// - Numerics: 16 random bits an element from Philox. They depend on the seed, the parameter's path, the tensor's
  ///   name and the number of updates alone, so that a resumed run draws the same. The noise that adds up in a mean of
  ///   1,000 steps is 3 to 6 % of it, half of that in its root.
  /// - Source: Gupta et al. 2015, arXiv:1502.02551.
  case bfloat16(seed: UInt64)
}

extension UpdateRule {
  /// The state of a parameter of this value.
  func slots(for value: Tensor) -> [StateSlot] {
    let slots = optimizer.slots(for: value.shape).map { $0.kept(as: stateType, of: value) }
    guard value.dtype.isHalf, rounding == .compensated else { return slots }
    return slots + [StateSlot(StateSlot.compensation, [value.count, 2], dtype: .uint8)]
  }
}

extension StateSlot {
  static let compensation = "compensation"

  /// The slot of a parameter of this value in the dtype that is asked for.
  fileprivate func kept(as type: StateType, of value: Tensor) -> StateSlot {
    guard case .bfloat16 = type, shape == value.shape, dtype == nil, value.dtype != .float64
    else { return self }
    return StateSlot(name, shape, start: start, dtype: .bfloat16)
  }

  /// Whether the tensor is in half precision.
  var isHalf: Bool { dtype?.isHalf == true }
}
