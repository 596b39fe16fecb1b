public import TrainingKit

/// A forward pass on a batch, and perhaps the way back, with all that was computed on it.
public struct PreflightPass {
  /// The batch.
  public let batch: Batch
  /// The loss; NaN where there is none.
  public let loss: Double
  /// What the model or the loss could not compute; nil when all was well.
  public let mistake: TensorError?
  /// The calls of modules and operations, in the order in which they ended.
  public let calls: [Observation]
  /// The gradients, unscaled; nil when they are not finite, or nobody asked for them.
  public let gradients: Gradients?
  /// Trainable parameters whose gradients are not finite.
  public let nonFinitePaths: [String]
  /// The gradients of the loss with respect to the first output of calls, by the place of the call.
  public let callGradients: [Int: Tensor]

  /// The call of the whole model; nil when it was not called, or gave more than one tensor.
  public var modelCall: Observation? {
    calls.last {
      $0.kind == .module && $0.path == "" && $0.outputs.count == 1
    }
  }

  /// What the model made of the batch.
  public var output: Tensor? { modelCall?.outputs.first?.detached() }

  /// The names of the operations outside of the model: those of the loss.
  public var lossOperations: Set<String> {
    Set(calls.filter { $0.kind == .operation && $0.path == nil }.map(\.name))
  }
}

extension Observation {
  /// Where it was, in words: the path of the module, and the operation in it.
  var place: String {
    guard let path, !path.isEmpty else { return name }
    return kind == .module ? path : "\(path): \(name)"
  }
}
