public import TrainingKit

extension StepRecord {
  /// What a step of a ``TrainingRun`` reported.
  public init(_ outcome: StepOutcome) {
    switch outcome {
    case .applied(let report): self.init(report)
    case .skipped(let reason, let report):
      self.init(report)
      skip = Skip(reason)
    }
  }

  /// The numbers of a report.
  public init(_ report: StepReport) {
    self.init(
      step: report.step, loss: report.loss, gradientNorm: report.clipping?.norm,
      learningRate: report.learningRate, lossScale: report.scale?.scaleBefore,
      clipFactor: report.clipping?.knownFactor, seconds: report.seconds)
  }
}

extension ClippingReport {
  /// What gradients were multiplied by; nil where nothing would ever have clipped them.
  fileprivate var knownFactor: Double? {
    factor == 1 && maximum == .infinity ? nil : factor
  }
}

extension StepRecord.Skip {
  /// The reason without its particulars.
  public init(_ reason: SkipReason) {
    switch reason {
    case .overflow: self = .overflow
    case .nonFiniteLoss, .nonFiniteGradient: self = .nonFinite
    case .noGradients: self = .noGradients
    case .emptyBatch: self = .emptyBatch
    }
  }
}
