public import TrainingKit

/// What the steps of a run reported, for analyzers to read.
///
///     var record = RunRecord()
///     record.append(try run.step { … })
public struct RunRecord: Sendable {
  /// The reports in the order of the steps.
  public private(set) var steps: [StepReport] = []
  /// The steps that were skipped, by their place in `steps`, and why.
  public private(set) var skipped: [Int: SkipReason] = [:]

  /// Creates a record without steps.
  public init() {}

  /// Adds the outcome of a step.
  public mutating func append(_ outcome: StepOutcome) {
    if case .skipped(let reason, _) = outcome { skipped[steps.count] = reason }
    steps.append(outcome.report)
  }
}
