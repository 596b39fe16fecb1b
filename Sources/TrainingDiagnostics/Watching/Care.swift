/// How often a doctor looks inside a model, how many states of the run are kept to go back to, and what is done about
/// what is found.
public struct Care: Sendable, Hashable {
  /// After how many steps the doctor looks inside the model; the first steps are looked at more often. 0 for never.
  public var examinationInterval: Int
  /// How many states are kept; 0 for none. Each is a copy of the weights and of the optimizer's state.
  public var snapshots: Int
  /// The steps from one state to the next.
  public var snapshotInterval: Int
  /// What is done about findings of a severity; a note where nothing is said.
  public var responses: [Severity: Response]
  /// How many treatments a run gets at most.
  public var treatmentLimit: Int

  /// Describes the care for a run.
  public init(
    examinationInterval: Int = 100, snapshots: Int = 3, snapshotInterval: Int = 50,
    responses: [Severity: Response] = [.warning: .warn, .fault: .warn], treatmentLimit: Int = 3
  ) {
    (self.examinationInterval, self.snapshots) = (examinationInterval, snapshots)
    (self.snapshotInterval, self.responses) = (snapshotInterval, responses)
    self.treatmentLimit = treatmentLimit
  }

  /// A look inside every 100 steps, three states 50 steps apart, and no hand on the run.
  public static let standard = Care()
  /// Numbers only: what steps report anyway.
  public static let numbers = Care(examinationInterval: 0, snapshots: 0)
  /// As the standard, and faults and warnings are treated.
  public static let treating = Care(responses: [.warning: .treat, .fault: .treat])

  var keepsSnapshots: Bool { snapshots > 0 }
  var treats: Bool { responses.values.contains(.treat) }

  func response(to severity: Severity) -> Response { responses[severity] ?? .note }

  /// Whether the doctor looks inside the model at a step: at powers of two, then at the interval.
  func examines(step: Int) -> Bool {
    guard examinationInterval > 0 else { return false }
    if step.isMultiple(of: examinationInterval) { return true }
    return step < examinationInterval && step & (step - 1) == 0
  }
}

/// What is done about a finding. Whoever trains the run pauses and stops it.
public enum Response: String, Sendable, Hashable, Codable {
  /// It is kept.
  case note
  /// It is told.
  case warn
  /// Somebody should look before the run goes on.
  case pause
  /// The run should end.
  case stop
  /// The run is taken back to an earlier state and along the same items once more, without that of the finding's step.
  case rollBack = "roll_back"
  /// Remedies are tried from an earlier state, beside the run as it was. The best is applied where it is better than
  /// none; else the run stays as it is. Once there are more steps to judge by, remedies are weighed again from that
  /// state, and the best takes the place of the first choice; up to 256 items are held until then.
  case treat
}
