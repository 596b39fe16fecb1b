extension WatchedStep: CustomStringConvertible {
  /// What became of the step, then a line for each finding and for the treatment.
  public var description: String {
    let lines = findings.map { "  \($0)" } + (treatment.map { ["  treatment of \($0)"] } ?? [])
    return (["\(outcome)"] + lines).joined(separator: "\n")
  }
}

extension PreflightResult: CustomStringConvertible {
  /// `labels: ok, …` with what is true of the run, or a line for each finding.
  public var description: String {
    if findings.isEmpty { return "\(check): ok, \(statement)" }
    return (["\(check):"] + findings.map { "  \($0)" }).joined(separator: "\n")
  }
}

extension LearningRateRange: CustomStringConvertible {
  /// The rate to start with, and why: `try 0.01: where the loss fell fastest; it rose at 3.2`.
  public var description: String {
    suggestion.map { "try \($0.shortened): \(reason)" } ?? reason
  }
}

extension OverfitTrial: CustomStringConvertible {
  /// How far the loss of the batch fell, then what it shows where it was not learned.
  public var description: String {
    let ends = [losses.first, losses.last].map { $0?.shortened ?? "unknown" }
    let verdict = finding.map { ":\n  \($0)" } ?? ", as it should"
    return "loss of one batch from \(ends[0]) to \(ends[1]) in \(max(0, losses.count - 1)) steps"
      + verdict
  }
}

extension Doctor: CustomStringConvertible {
  /// The diagnosis so far.
  public var description: String { "\(diagnosis())" }
}

extension StepRecord: CustomStringConvertible {
  /// One line of what is known: `step 120: loss 2.13, gradient norm 0.4`.
  public var description: String {
    let numbers = Quantity.allCases.compactMap { quantity in
      self[quantity].map { "\(quantity.rawValue.inWords) \($0.shortened)" }
    }
    let skip = skip.map { ["skipped: \($0.rawValue.inWords)"] } ?? []
    let parts = numbers + skip + (details == nil ? [] : ["looked inside"])
    return "step \(step)" + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))
  }
}

extension RunRecord: CustomStringConvertible {
  /// One line: how many steps there were, and the last.
  public var description: String {
    "\(count) step\(count == 1 ? "" : "s")" + (steps.last.map { ", the last: \($0)" } ?? "")
  }
}

extension WatchedRun: CustomStringConvertible {
  /// The diagnosis so far, then a line for each treatment.
  public var description: String {
    (["\(diagnosis())"] + treatments.map { "  treatment of \($0)" }).joined(separator: "\n")
  }
}
