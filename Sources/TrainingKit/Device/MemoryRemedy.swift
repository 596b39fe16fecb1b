/// What makes a training step need less memory.
public enum MemoryRemedy: Sendable, Hashable {
  /// The batch is computed in so many parts, one after the other; the step is the same.
  case parts(Int)
  /// The forward pass keeps numbers in 16 bits.
  case mixedPrecision
}

extension MemoryRemedy: CustomStringConvertible {
  /// In words.
  public var description: String {
    switch self {
    case .parts(let count): "the batch in \(count) parts"
    case .mixedPrecision: "precision .mixed(.bfloat16)"
    }
  }
}
