/// A remedy that a run was given, and what it was chosen by.
public struct Treatment: Sendable, Hashable, Codable {
  /// What it was for.
  public let finding: Finding
  /// The remedy.
  public let remedy: Remedy
  /// The step that the run was taken back to, and along the same items once more.
  public let from: Int
  /// The run as it was, over the same steps.
  public let control: Trial
  /// All that was tried, the remedy's among them.
  public let trials: [Trial]

  /// The trial of the remedy.
  public var trial: Trial { trials.first { $0.remedy == remedy } ?? control }
}

extension Treatment: CustomStringConvertible {
  /// One line: what for, what was done, and what it led to beside the control.
  public var description: String {
    "\(finding.symptom) at step \(finding.step): back to step \(from) and \(remedy); "
      + "loss \(trial.lossAfter.shortened) where it was \(control.lossAfter.shortened)"
  }
}
