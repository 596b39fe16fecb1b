/// The dtype that an operation runs in while an autocast is in force.
package enum PrecisionRule: Sendable {
  /// That of its inputs.
  case asGiven
  /// The 16 bits of the autocast: products of matrices, which memory and multipliers limit.
  case low
  /// Float32: functions and sums for which 16 bits are too coarse or too short.
  case wide
  /// The widest among its inputs.
  case widest
}

/// A stretch of a thread's work in which operations run in the precision that their rules name.
///
/// Casts of tracked leaves, which parameters are, are kept until the stretch ends, and so is the value that was cast: a
/// parameter that moves meanwhile moves to other memory, and a stale cast is never found.
package final class Autocast {
  package let dtype: DType
  private let convert: (Tensor, DType) -> Tensor
  /// The leaves are held, so that no other can take the identity of one.
  private var kept: [ObjectIdentifier: (leaf: Tensor, cast: Tensor)] = [:]

  package init(to dtype: DType, convert: @escaping (Tensor, DType) -> Tensor) {
    self.dtype = dtype
    self.convert = convert
  }

  /// One of the same dtype that has kept nothing yet.
  package func renewed() -> Autocast { Autocast(to: dtype, convert: convert) }

  /// The inputs of an operation as its rule wants them.
  func prepared(_ inputs: Operands, _ rule: PrecisionRule) -> Operands {
    guard let target = target(rule, inputs.lazy.map(\.dtype)) else { return inputs }
    return inputs.mapped { cast($0, to: target) }
  }

  /// What a rule makes of inputs of these dtypes; nil for leaving them alone.
  package func target(_ rule: PrecisionRule, _ dtypes: some Sequence<DType>) -> DType? {
    switch rule {
    case .asGiven: nil
    case .low: dtype
    case .wide: .float32
    case .widest: dtypes.filter(\.isCastByAutocast).max { $0.byteCount < $1.byteCount }
    }
  }

  /// The tensor in the dtype; as it is where it holds whole numbers or float64.
  package func cast(_ tensor: Tensor, to target: DType) -> Tensor {
    guard tensor.dtype.isCastByAutocast, tensor.dtype != target else { return tensor }
    guard let leaf = tensor.origin as? Leaf else { return convert(tensor, target) }
    let identity = ObjectIdentifier(leaf)
    if let found = kept[identity], found.cast.dtype == target, found.leaf.isSame(as: tensor) {
      return found.cast
    }
    // Recorded in any case: the next to find it may want gradients.
    let cast = Context.current.recording(true) { convert(tensor, target) }
    cast.charge(to: .casts)
    kept[identity] = (tensor, cast)
    return cast
  }
}

extension DType {
  /// Whether an autocast takes tensors of this dtype to another.
  package var isCastByAutocast: Bool { isFloatingPoint && self != .float64 }
}
