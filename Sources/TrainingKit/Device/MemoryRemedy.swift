/// What makes a training step need less memory.
public enum MemoryRemedy: Sendable, Hashable {
  /// The batch is computed in so many parts, one after the other; the step is the same.
  case parts(Int)
  /// Modules whose paths match these patterns keep nothing for the backward pass; the step is the same.
  case recomputation([String])
  /// The forward pass keeps numbers in bfloat16; roundings differ.
  case mixedPrecision
}

extension MemoryRemedy: CustomStringConvertible {
  /// In words.
  public var description: String {
    switch self {
    case .parts(let count): "the batch in \(count) parts"
    case .recomputation(let patterns): "recomputation of \(patterns.joined(separator: ", "))"
    case .mixedPrecision: "precision .mixed(.bfloat16)"
    }
  }
}
