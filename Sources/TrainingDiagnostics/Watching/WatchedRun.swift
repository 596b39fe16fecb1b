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
/// trained on; where batches are large, give their indices as items and have the loss fetch them. A batch that is too
/// large for memory is given in parts, as to ``TrainingRun/step(accumulating:_:)``:
///
///     var watched = WatchedRun(run) { (model, part: Batch) in
///       crossEntropy(model(part.x), part.y, reduction: .counted)
///     }
///     let step = try watched.step(batch.split(size: 16))
///
/// Where a step fits into memory but not beside what the doctor holds, the doctor lets go of it: the step is taken as
/// it would be without, and from then on the doctor goes by numbers, as ``care`` tells.
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
  public private(set) var care: Care
  /// Is told of remedies before they are tried, which takes as long as their steps do: the number of the trial, and
  /// what they are.
  public var willTry: ((_ number: Int, _ remedies: [Remedy]) -> Void)?
  let loss: ItemLoss<Model, Item>
  let examples: ItemExamples<Model, Item>
  /// Whether the model has numbers in its state that are not trained, such as running statistics.
  let hasBuffers: Bool
  private(set) var moments: RunMoments<Item>
  /// The treatment under way.
  var course: TreatmentCourse<Item>?
  /// What became of the last step.
  private(set) var lastOutcome: StepOutcome?
  /// What was found before the first step and waits for steps to try remedies along.
  var expected: [Finding] = []
  /// Along how many steps remedies for that are tried next.
  var expectedLength = Self.firstLength
  /// What was found of a run that goes on, and will be told with its first step.
  private var untold: [Finding] = []
  /// When the last step ended, the doctor's thoughts about it included; nil where what came behind it was no mere wait.
  private var lastEnd: ContinuousClock.Instant?

  /// Puts a run into the care of a doctor. One who has seen steps of it before knows that it goes on.
  ///
  /// - Parameters:
  ///   - identity: which batch an item is; a `Batch` tells its examples unasked, and so does a list of their places.
  ///   - exampleLosses: the losses of an item's examples, a row each, as `reduction: .none` gives them. Where it is
  ///     given, looks inside keep them, a batch that is an outlier is told by its worst examples, and ``conclude()``
  ///     names those that may have wrong labels.
  ///   - loss: the loss of an item, which steps are taken on. It may be called again for the same item.
  public init(
    _ run: TrainingRun<Model>, doctor: Doctor = Doctor(AnalyzerCatalog.standard),
    care: Care = .standard, identity: ((Item) -> BatchIdentity?)? = nil,
    exampleLosses: ((Model, Item) throws -> Tensor)? = nil,
    _ loss: @escaping (Model, Item) throws -> Tensor
  ) {
    self.init(
      run, doctor, care, ItemLoss(loss), ItemExamples(identity: identity, losses: exampleLosses))
  }

  /// Puts a run into the care of a doctor, where steps that the doctor does not look into are replayed if the run is
  /// compiled: see ``TrainingRun/step(on:file:line:column:_:)``.
  ///
  /// - Parameters:
  ///   - identity: which batch an item is.
  ///   - exampleLosses: the losses of an item's examples, a row each.
  ///   - inputs: what the loss gets of an item.
  ///   - loss: the loss of an item's inputs, which steps are taken on.
  public init(
    _ run: TrainingRun<Model>, doctor: Doctor = Doctor(AnalyzerCatalog.standard),
    care: Care = .standard, identity: ((Item) -> BatchIdentity?)? = nil,
    exampleLosses: ((Model, Item) throws -> Tensor)? = nil,
    inputs: @escaping (Item) -> [Tensor], _ loss: @escaping (Model, [Tensor]) throws -> Tensor
  ) {
    self.init(
      run, doctor, care, ItemLoss(of: inputs, loss),
      ItemExamples(identity: identity, losses: exampleLosses))
  }

  /// Puts a run into the care of a doctor, whose items are batches in parts.
  ///
  /// - Parameters:
  ///   - identity: which batch an item is; parts that are a `Batch` each tell their examples unasked.
  ///   - exampleLosses: the losses of a part's examples, a row each.
  ///   - loss: the loss of a part with its count, as for ``TrainingRun/step(accumulating:_:)``. It may be called again
  ///     for the same part.
  public init<Part>(
    _ run: TrainingRun<Model>, doctor: Doctor = Doctor(AnalyzerCatalog.standard),
    care: Care = .standard, identity: ((Item) -> BatchIdentity?)? = nil,
    exampleLosses: ((Model, Part) throws -> Tensor)? = nil,
    _ loss: @escaping (Model, Part) throws -> LossSum
  ) where Item == [Part] {
    self.init(
      run, doctor, care, ItemLoss(loss), ItemExamples(ofParts: identity, losses: exampleLosses))
  }

  private init(
    _ run: TrainingRun<Model>, _ doctor: Doctor, _ care: Care, _ loss: ItemLoss<Model, Item>,
    _ examples: ItemExamples<Model, Item>
  ) {
    (self.run, self.doctor, self.care) = (run, doctor, care)
    (self.loss, self.examples) = (loss, examples)
    hasBuffers = run.model.state().count > run.model.parameters.count
    moments = RunMoments(of: care)
    if doctor.history.count > 0, run.steps > 0 {
      self.doctor.noteResume(at: run.steps)
      if let lost = run.lostState { untold = self.doctor.hear([lost]) }
    }
  }

  /// Trains one step.
  ///
  /// - Parameter taken: is told what became of the step before the doctor thinks about it. The last calls of the loss
  ///   were the step's own, one for each part; those that come later are replays.
  /// - Errors: as ``TrainingRun/step(_:)``, and whatever the loss throws when it is called again. A replay that memory
  ///   is too small for costs its evidence, and no step.
  public mutating func step(
    _ item: Item, taken: (StepOutcome) -> Void = { _ in }
  ) throws -> WatchedStep {
    let wait = lastEnd.map { $0.duration(to: .now) / .seconds(1) }
    lastEnd = nil
    let (outcome, seen): (StepOutcome, [Finding])
    do {
      (outcome, seen) = try observe(item, wait: wait, taken)
    } catch let error where care.treats && (error is RunError || error is LossScaleError) {
      guard let (treatment, outcome) = try rescued(item) else { throw error }
      return WatchedStep(outcome: outcome, findings: [], response: .treat, treatment: treatment)
    }
    defer { lastEnd = .now }
    let found = untold + seen
    untold = []
    // Most steps have nothing to look into.
    if found.isEmpty, expected.isEmpty, course?.isDue != true, run.steps != Self.leastSteps {
      return WatchedStep(outcome: outcome, findings: [], response: nil, treatment: nil)
    }
    var (findings, treatment): ([Finding], Treatment?) = (found, nil)
    do {
      findings = try explained(found, item)
      takeExplained(findings, of: found)
      findings += try lookedBackAtTheStart()
      let late = try weighedExpectations()
      findings += late.filter { $0.severity > .note && $0.evidence["loss_of_fork"] != nil }
      treatment = try respond(to: findings + late) ?? reviewedTreatment()
    } catch let error where error is DeviceError || error is RunError || error is LossScaleError {}
    return WatchedStep(
      outcome: outcome, findings: findings,
      response: findings.map(\.severity).max().map(care.response), treatment: treatment)
  }

  /// Takes a step in the sight of the doctor, whose new findings are returned.
  private mutating func observe(
    _ item: Item, wait: Double? = nil, _ taken: (StepOutcome) -> Void = { _ in }
  ) throws -> (StepOutcome, [Finding]) {
    let (outcome, details) = try madeRoom(for: item)
    taken(outcome)
    var step = StepRecord(outcome)
    (step.waitSeconds, step.batch, step.details) = (wait, examples.identity(item), details)
    record.append(step)
    lastOutcome = outcome
    return (outcome, doctor.observe(step))
  }

  /// Takes the run back to an earlier state, and all that was seen of it since.
  mutating func goBack(to moment: RunMoment<Item>) throws {
    try run.restore(moment.snapshot)
    doctor = moment.doctor
    record.removeSteps(from: moment.snapshot.steps)
    moments.forget(from: moment.snapshot.steps)
  }

  /// Changes the run between steps: its schedule, its clipping, how a step fits into memory, or where it stands.
  ///
  ///     watched.change { $0.schedule = $0.schedule.scaled(by: 0.1) }
  ///
  /// The states from before are forgotten, as going back to one would undo the change.
  public mutating func change<Result>(
    _ body: (inout TrainingRun<Model>) throws -> Result
  ) rethrows -> Result {
    defer { forgetStates() }
    return try body(&run)
  }

  private mutating func forgetStates() {
    (lastEnd, course) = (nil, nil)
    moments = RunMoments(of: care)
  }

  mutating func changeRun(_ change: (inout TrainingRun<Model>) throws -> Void) rethrows {
    try change(&run)
  }

  /// Takes a step that was taken before; what is found on it is not told, but for the diagnosis.
  mutating func observeAgain(_ item: Item) throws { _ = try observe(item) }

  mutating func keep(_ treatment: Treatment) { treatments.take(treatment) }

  mutating func hear(_ findings: [Finding]) -> [Finding] { doctor.hear(findings) }

  mutating func concluded() -> [Finding] { doctor.conclude() }

  /// Takes findings with their causes for those without, and what they say of earlier ones.
  mutating func takeExplained(_ findings: [Finding], of found: [Finding]) {
    doctor.replace(found, by: findings)
    guard findings.contains(where: { $0.cause == .dataOrder }) else { return }
    let early = doctor.findings.filter { $0.cause == .constantLabels }
    doctor.replace(early, by: early.map(\.inOrder))
  }

  /// Adds what was measured beside the steps, such as the loss on held-out data, and returns what is new.
  ///
  /// - Errors: as ``conclude()``.
  @discardableResult
  public mutating func evaluated(
    trainLoss: Double? = nil, validationLoss: Double? = nil
  ) throws -> [Finding] {
    lastEnd = nil
    let step = StepRecord(
      step: max(0, run.steps - 1), trainLoss: trainLoss, validationLoss: validationLoss)
    record.append(step)
    return try lookedInto(doctor.observe(step), responds: true)
  }

  /// The findings so far, ranked.
  public func diagnosis() -> Diagnosis { doctor.diagnosis() }

  /// Takes the step, if need be without what the doctor holds beside it.
  private mutating func madeRoom(for item: Item) throws -> (StepOutcome, StepDetails?) {
    do {
      return try taken(item)
    } catch is DeviceError where care.holdsMemory {
      let asked = care
      (care.snapshots, care.examinationInterval) = (0, 0)
      forgetStates()
      do {
        return try taken(item)
      } catch {
        // The step has no room of its own: that is not the doctor's doing.
        care = asked
        throw error
      }
    }
  }

  /// Takes the step, and looks inside where that is due.
  private mutating func taken(_ item: Item) throws -> (StepOutcome, StepDetails?) {
    let isLookedInto = care.examines(step: run.steps)
    let losses = isLookedInto ? try exampleLosses(of: item) : nil
    let evaluationLoss = isLookedInto ? try evaluationLoss(of: item) : nil
    let isKept = care.keepsSnapshots && moments.isDue
    // A walk takes half as long as the step of a small network.
    let members = isLookedInto || isKept ? ModuleMembers(of: run.model) : nil
    if care.keepsSnapshots {
      if let members, isKept { moments.keep(run.snapshot(of: members), doctor) }
      moments.note(item)
    }
    var examination =
      isLookedInto ? members.map { Examination(of: run.model, $0, run.optimizer) } : nil
    let outcome: StepOutcome
    do {
      outcome = try loss.step(&run, item, &examination)
    } catch {
      // A step that was not taken is none to go back to.
      if care.keepsSnapshots { moments.forgetLast() }
      throw error
    }
    course?.base.items.append(item)
    var details = try examination?.details(outcome, run.optimizer, losses)
    details?.evaluationLoss = evaluationLoss
    return (outcome, details)
  }
}

extension Finding {
  /// What labels that seemed to be of one class are, once others have come.
  fileprivate var inOrder: Finding {
    var finding = self
    (finding.cause, finding.remedy) = (.dataOrder, "\(Remedy.shuffling)")
    return finding
  }
}

extension Care {
  /// Whether the doctor holds memory beside that of the run.
  fileprivate var holdsMemory: Bool { keepsSnapshots || examinationInterval > 0 }
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
