/// Why the passes of a compiled step cannot be replayed. The step is not taken, and nothing has changed.
public enum RecordingError: Error, Sendable, Hashable {
  /// An operation reads a tensor that was made outside of the loss and is neither an input nor a parameter or a buffer
  /// of the model.
  case captured(operation: String, path: String)
  /// The loss reads elements, which may decide what it computes.
  case read(operation: String, path: String)
  /// Random numbers come from elsewhere than the Philox generator of the run.
  case random(operation: String, path: String)
  /// An operation does what cannot be replayed.
  case unsupported(operation: String, path: String)
  /// The loss computed something else when it was called again: from this operation on, or with another number in it.
  case changed(operation: String)
}

extension RecordingError: CustomStringConvertible {
  /// A sentence with the remedy.
  public var description: String {
    switch self {
    case .captured(let operation, let path):
      Self.sentence(
        path, operation, "expected inputs of the step, and parameters and buffers of the model",
        "a tensor from outside of the loss; give it as an input to a compiled step")
    case .read(let operation, let path):
      Self.sentence(
        path, operation, "expected a loss that a compiled step can replay without it",
        "elements that the loss reads; compute with tensors, or do not compile the step")
    case .random(let operation, let path):
      Self.sentence(
        path, operation, "expected the Philox generator of the run in a compiled step",
        "numbers from another")
    case .unsupported(let operation, let path):
      Self.sentence(
        path, operation, "expected what a compiled step can replay", "a call that it cannot")
    case .changed(let operation):
      "step: expected the loss of a compiled step to compute the same each time, got another "
        + "\(operation); give what differs from step to step as an input"
    }
  }

  private static func sentence(
    _ path: String, _ operation: String, _ expected: String, _ got: String
  ) -> String { (path.isEmpty ? "" : path + ": ") + "\(operation): \(expected), got \(got)" }

  init(_ refusal: RecordingBackend.Refusal) {
    let (operation, path) = (refusal.operation, refusal.path)
    self =
      switch refusal.reason {
      case .captured: .captured(operation: operation, path: path)
      case .read: .read(operation: operation, path: path)
      case .random: .random(operation: operation, path: path)
      case .unsupported: .unsupported(operation: operation, path: path)
      }
  }
}
