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
  /// What earlier treatments had multiplied the learning rates of the schedule by; nil where nobody noted it.
  public package(set) var rateBefore: Double?

  /// The trial of the remedy.
  public var trial: Trial { trials.first { $0.remedy == remedy } ?? control }
}

extension Treatment {
  /// The remedy, and what it comes to together with those before it, as factors of the learning rate multiply.
  package var remedyInWords: String {
    guard case .learningRate(let factor) = remedy, let rateBefore, rateBefore != 1 else {
      return "\(remedy)"
    }
    return "\(remedy) to \((factor * rateBefore).shortened) times the schedule's"
  }
}

extension Sequence<Treatment> {
  /// What they have multiplied the learning rates of the schedule by.
  package var rateFactor: Double {
    reduce(1) { rate, treatment in
      if case .learningRate(let factor) = treatment.remedy { rate * factor } else { rate }
    }
  }
}

extension Treatment: CustomStringConvertible {
  /// One line: what for, what was done, and what it led to beside the control.
  public var description: String {
    "\(finding.symptom) at step \(finding.step): back to step \(from) and \(remedyInWords); "
      + "loss \(trial.lossAfter.shortened) where it was \(control.lossAfter.shortened)"
  }
}
