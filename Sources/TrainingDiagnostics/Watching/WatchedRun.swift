public import TrainingKit

/// A run in the care of a doctor, who sees every step, looks inside the model now and then, and can go back to earlier
/// states to learn the cause of an illness.
///
///     var watched = WatchedRun(run) { (model, batch: Batch) in crossEntropy(model(batch.x), batch.y) }
///     for batch in loader {
///       let step = try watched.step(batch)
///       for finding in step.findings { print(finding) }
///     }
///     print(watched.diagnosis())
///
/// The run takes the same steps to the same bits as without. Items are held as long as a state is kept that they were
/// trained on; where batches are large, give their indices as items and have the loss fetch them.
public struct WatchedRun<Model: Module, Item> {
  /// The run.
  public private(set) var run: TrainingRun<Model>
  /// The doctor, with what was found so far.
  public private(set) var doctor: Doctor
  /// The numbers of the steps.
  public private(set) var record = RunRecord()
  /// What was done about findings, in its order.
  public private(set) var treatments: [Treatment] = []
  /// How often and how deep the doctor looks.
  public let care: Care
  let loss: (Model, Item) throws -> Tensor
  private(set) var moments: RunMoments<Item>

  /// Puts a run into the care of a doctor.
  ///
  /// - Parameter loss: the loss of an item, which steps are taken on. It may be called again for the same item.
  public init(
    _ run: TrainingRun<Model>, doctor: Doctor = Doctor(AnalyzerCatalog.standard),
    care: Care = .standard, _ loss: @escaping (Model, Item) throws -> Tensor
  ) {
    (self.run, self.doctor, self.care, self.loss) = (run, doctor, care, loss)
    moments = RunMoments(capacity: care.snapshots, interval: care.snapshotInterval)
  }

  /// Trains one step.
  ///
  /// - Errors: as ``TrainingRun/step(_:)``, and whatever the loss throws when it is called again. A replay that memory
  ///   is too small for costs its evidence, and no step.
  public mutating func step(_ item: Item) throws -> WatchedStep {
    let (outcome, found) = try observe(item)
    var (findings, treatment): ([Finding], Treatment?) = (found, nil)
    do {
      findings = try explained(found, item)
      doctor.replace(found, by: findings)
      treatment = try respond(to: findings)
    } catch is DeviceError {}
    return WatchedStep(
      outcome: outcome, findings: findings,
      response: findings.map(\.severity).max().map(care.response), treatment: treatment)
  }

  /// Takes a step in the sight of the doctor, whose new findings are returned.
  private mutating func observe(_ item: Item) throws -> (StepOutcome, [Finding]) {
    if care.keepsSnapshots { moments.note(item, doctor) { run.snapshot() } }
    let (outcome, details) = try taken(item)
    var step = StepRecord(outcome)
    step.details = details
    record.append(step)
    return (outcome, doctor.observe(step))
  }

  /// Takes the run back to an earlier state, and all that was seen of it since.
  mutating func goBack(to place: RunMoments<Item>.Place) throws {
    let target = moments[place]
    try run.restore(target.snapshot)
    doctor = target.doctor
    record.removeSteps(from: target.snapshot.steps)
    moments.forget(from: place)
  }

  mutating func changeRun(_ change: (inout TrainingRun<Model>) throws -> Void) rethrows {
    try change(&run)
  }

  /// Takes a step that was taken before; what is found on it is not told, but for the diagnosis.
  mutating func observeAgain(_ item: Item) throws { _ = try observe(item) }

  mutating func keep(_ treatment: Treatment) { treatments.append(treatment) }

  /// Adds what was measured beside the steps, such as the loss on held-out data, and returns what is new.
  @discardableResult
  public mutating func evaluated(trainLoss: Double? = nil, validationLoss: Double? = nil)
    -> [Finding]
  {
    let step = StepRecord(
      step: max(0, run.steps - 1), trainLoss: trainLoss, validationLoss: validationLoss)
    record.append(step)
    return doctor.observe(step)
  }

  /// The findings so far, ranked.
  public func diagnosis() -> Diagnosis { doctor.diagnosis() }

  /// Takes the step, and looks inside where that is due.
  private mutating func taken(_ item: Item) throws -> (StepOutcome, StepDetails?) {
    let loss = loss
    do {
      guard care.examines(step: run.steps) else {
        return (try run.step { try loss($0, item) }, nil)
      }
      var examination = Examination(of: run.model)
      let outcome = try run.step { model in try examination.observed { try loss(model, item) } }
      return (outcome, examination.details(outcome))
    } catch {
      // A step that was not taken is none to go back to.
      if care.keepsSnapshots { moments.forgetLast() }
      throw error
    }
  }
}

/// A step of a ``WatchedRun``.
public struct WatchedStep: Sendable {
  /// What became of it.
  public let outcome: StepOutcome
  /// What the doctor found that is new.
  public let findings: [Finding]
  /// What the care says is to be done about the gravest of them; nil where there is none.
  public let response: Response?
  /// The treatment that was given; nil for none.
  public let treatment: Treatment?
}
