/// Remedies that a run was given, and what they were chosen by.
public struct Treatment: Sendable, Hashable, Codable {
  /// What it was for.
  public let finding: Finding
  /// The remedies; none where trials over more steps have shown that the run does better as it was.
  public let remedies: [Remedy]
  /// The step that the run was taken back to, and along the same items once more.
  public let from: Int
  /// The run as it was, over the same steps.
  public let control: Trial
  /// All that was tried, the chosen trial among them.
  public let trials: [Trial]
  /// Whether it takes the place of the treatment before it, whose remedies it was weighed against over more steps.
  public let isReview: Bool
  /// What earlier treatments had multiplied the learning rates of the schedule by; nil where nobody noted it.
  public package(set) var rateBefore: Double?

  /// The trial of the remedies.
  public var trial: Trial { trials.first { $0.remedies == remedies } ?? control }
}

extension Treatment {
  /// The remedies, and what they come to together with those before, as factors of the learning rate multiply.
  package var remediesInWords: String {
    guard let rateBefore, rateBefore != 1, remedies.rateFactor != 1 else {
      return remedies.isEmpty ? "go on as before" : remedies.inWords
    }
    return
      "\(remedies.inWords) to \((remedies.rateFactor * rateBefore).shortened) times the schedule's"
  }
}

extension [Treatment] {
  /// What they have multiplied the learning rates of the schedule by.
  package var rateFactor: Double { reduce(1) { $0 * $1.remedies.rateFactor } }

  /// Takes note of a treatment, which may take the place of the last one.
  package mutating func take(_ treatment: Treatment) {
    if treatment.isReview, !isEmpty { removeLast() }
    append(treatment)
  }
}

extension Treatment: CustomStringConvertible {
  /// One line: what for, what was done, and what it led to beside the control.
  public var description: String {
    "\(finding.symptom) at step \(finding.step): back to step \(from) and \(remediesInWords); "
      + "loss \(trial.lossAfter.shortened) where it was \(control.lossAfter.shortened)"
  }
}
