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
  /// The loss depends on no trainable parameter.
  case noGradients
}

extension SkipReason: CustomStringConvertible {
  /// A sentence without its point.
  public var description: String {
    switch self {
    case .nonFiniteLoss(let loss): "the loss is \(loss)"
    case .nonFiniteGradient(let path): "the gradient of \(path) is not finite"
    case .noGradients: "the loss depends on no trainable parameter"
    }
  }
}

/// What a training step measured.
public struct StepReport: Sendable, Hashable {
  /// The number of the step, from 0; skipped steps count.
  public internal(set) var step: Int
  /// How many updates the run has applied, this step's included.
  public internal(set) var updates = 0
  /// The loss before the update.
  public internal(set) var loss = Double.nan
  /// The global norm of the gradients before clipping; NaN when the loss was not finite, as there are none then.
  public internal(set) var gradientNorm = Double.nan
  /// What clipping multiplied the norm by; 1 when it left gradients as they were.
  public internal(set) var clipFactor = 1.0
  /// The learning rate of the update.
  public internal(set) var learningRate: Double
  /// Trainable parameters that the loss does not depend on. They are left alone.
  public internal(set) var missing: [String] = []
  /// How long the step took.
  ///
  /// - Units: seconds.
  public internal(set) var seconds = 0.0

  init(step: Int, learningRate: Double) {
    (self.step, self.learningRate) = (step, learningRate)
  }
}
