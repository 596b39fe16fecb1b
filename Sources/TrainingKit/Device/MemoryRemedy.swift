/// What makes a training step need less memory.
public enum MemoryRemedy: Sendable, Hashable {
  /// The batch is computed in so many parts, one after the other; the step is the same.
  case parts(Int)
  /// Modules whose paths match these patterns keep nothing for the backward pass; the step is the same.
  case recomputation([String])
  /// The forward pass keeps numbers in bfloat16; roundings differ.
  case mixedPrecision
  /// What the optimizer keeps of each parameter is kept in bfloat16; roundings differ.
  case halfState
  /// What the optimizer keeps lies in a file in this folder; the step is the same.
  case stateFile(folder: String)
}

extension MemoryRemedy: CustomStringConvertible {
  /// In words.
  public var description: String {
    switch self {
    case .parts(let count): "the batch in \(count) parts"
    case .recomputation(let patterns): "recomputation of \(patterns.joined(separator: ", "))"
    case .mixedPrecision: "precision .mixed(.bfloat16)"
    case .halfState: "the optimizer's state in bfloat16"
    case .stateFile(let folder): "the optimizer's state in a file in \(folder)"
    }
  }
}
