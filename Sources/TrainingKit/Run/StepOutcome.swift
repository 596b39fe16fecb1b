/// What became of a training step: every step is applied, or skipped for a reason.
public enum StepOutcome: Sendable, Hashable {
  /// The weights have moved.
  case applied(StepReport)
  /// Nothing has changed: neither weights nor the optimizer's state nor buffers, and the schedule has not advanced.
  case skipped(SkipReason, StepReport)

  /// What was measured on the way.
  public var report: StepReport {
    switch self {
    case .applied(let report), .skipped(_, let report): report
    }
  }

  /// Whether the weights have moved.
  public var isApplied: Bool { if case .applied = self { true } else { false } }
}

/// Why a step was skipped.
public enum SkipReason: Sendable, Hashable {
  /// The loss is NaN or infinite.
  case nonFiniteLoss(Double)
  /// The gradient of the parameter of this path, and perhaps of later ones, has a NaN or an infinity.
  case nonFiniteGradient(String)
  /// The same under a loss scale, which was perhaps too large and is lower now.
  case overflow(String, scale: Double)
  /// The loss depends on no trainable parameter.
  case noGradients
  /// Nothing in the batch counts, such as labels that are all ignored.
  case emptyBatch
}

extension SkipReason: CustomStringConvertible {
  /// A sentence without its point.
  public var description: String {
    switch self {
    case .nonFiniteLoss(let loss): "the loss is \(loss)"
    case .nonFiniteGradient(let path): "the gradient of \(path) is not finite"
    case .overflow(let path, let scale): "the gradient of \(path) overflowed at loss scale \(scale)"
    case .noGradients: "the loss depends on no trainable parameter"
    case .emptyBatch: "nothing in the batch counts"
    }
  }
}

/// What a training step measured.
public struct StepReport: Sendable, Hashable {
  /// The number of the step, from 0; skipped steps count.
  public internal(set) var step: Int
  /// How many updates the run has applied, this step's included.
  public internal(set) var updates = 0
  /// The loss before the update, without its scale.
  public internal(set) var loss = Double.nan
  /// What was found in the gradients, of each parameter too, and what clipping did; nil when there were none.
  public internal(set) var clipping: ClippingReport?
  /// What became of the loss scale; nil where losses are not scaled or there were no gradients.
  public internal(set) var scale: ScaleUpdate?
  /// What became of the average of the weights; nil where there is none or the step was skipped.
  public internal(set) var average: AverageOutcome?
  /// The learning rate of the update.
  public internal(set) var learningRate: Double
  /// Trainable parameters that the loss does not depend on. They are left alone.
  public internal(set) var missing: [String] = []
  /// How long the step took.
  ///
  /// - Units: seconds.
  public internal(set) var seconds = 0.0

  /// The global norm of the gradients before clipping; NaN when there were none.
  public var gradientNorm: Double { clipping?.norm ?? .nan }
  /// What clipping multiplied the norm by; 1 when it left gradients as they were.
  public var clipFactor: Double { clipping?.factor ?? 1 }

  init(step: Int, learningRate: Double) {
    (self.step, self.learningRate) = (step, learningRate)
  }
}
