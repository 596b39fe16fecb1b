internal import TrainingDiagnostics
internal import TrainingKit

/// `training train`: trains a network, evaluates it on held-out data and prints a summary.
struct TrainCommand {
  private let settings: TrainSettings
  private let samples: Samples
  private let plan: Plan
  private let folder: JobFolder?
  private let loader: DataLoader
  private let loss = CountingLoss()
  private let doctor: JobDoctor?
  /// The run, in the care of a doctor who sees nothing where nobody asked for one.
  private var watched: WatchedRun<Network, [Batch]>
  private var job: Job
  /// The averages before each step of the running epoch, where a treatment may take the run back to one.
  private var tallies: [Int: Tally] = [:]
  private var progress: Progress
  /// The parts that batches are computed in.
  private var parts: Int

  private var run: TrainingRun<Network> { watched.run }

  init(_ settings: TrainSettings) throws {
    try settings.check()
    if let path = settings.json { try File.checkWritable(path) }
    doctor = try JobDoctor(settings)
    if let threads = settings.threads { Threads.count = threads }
    if let limit = settings.memoryLimit { Device.current.memoryLimit = limit }
    (self.settings, parts) = (settings, settings.parts)
    let samples = try Samples(settings)
    var plan = Plan(settings, samples)
    let network = try withRandomGenerator(RandomGenerator(seed: settings.seed)) {
      try Network(plan, samples)
    }
    self.samples = samples
    folder = JobFolder(settings)
    loader = DataLoader(
      samples.training, batchSize: plan.batchSize, shuffle: true, seed: settings.seed)
    var run = plan.run(network)
    run.generator = RandomGenerator(seed: settings.seed &+ 1)
    job = Job(
      summary: Summary(
        settings: plan.summary(samples), parameters: network.parameterCount,
        trainingSamples: samples.training.count, heldOutSamples: samples.heldOut.count))
    if settings.schedule == .plateau { job.plateau = ReduceOnPlateau(patience: 3) }
    if !settings.isResuming { try folder?.checkEmpty() }
    let resumption =
      try settings.isResuming ? folder!.resume(&run, loader, &job, &plan) : nil
    self.plan = plan
    watched = WatchedRun(
      run, doctor: Doctor(doctor == nil ? [] : AnalyzerCatalog.standard),
      care: doctor?.care(after: job.summary.treatments ?? []) ?? .numbers,
      // What comes next in a text is no label that could be wrong.
      exampleLosses: samples.vocabulary == nil ? Network.exampleLosses : nil,
      loss.callAsFunction)
    let progress = Progress(secondsBefore: job.summary.seconds)
    self.progress = progress
    watched.willTry = { progress.show(trial: $0, $1.map { "\($0)" }.joined(separator: " and ")) }
    printHeader(resumption)
  }

  /// Runs the whole job.
  mutating func execute() throws {
    let stop = try untilStopped {
      try lookBeforeTheFirstStep()
      try train()
    }
    job.summary.stopped = stop.map { "\($0)" }
    takeStock()
    job.summary.finalAccuracy = job.summary.heldOutAccuracyPerEpoch.last
    Console.print("\n" + job.summary.report)
    if let doctor { try conclude(doctor) }
    if stop == nil, let vocabulary = samples.vocabulary, settings.generate > 0 {
      job.summary.text = try run.withAveragedWeights { model in
        model.text(
          of: vocabulary, count: settings.generate, context: settings.context, run.generator!)
      }
      Console.print("\nwhat it writes:\n\(job.summary.text ?? "")")
    }
    if let path = settings.json { try File.write(job.summary.json, to: path) }
    if let stop { throw stop }
  }

  /// Tells what `training check` finds, but for memory, which the command's own options are for.
  private mutating func lookBeforeTheFirstStep() throws {
    guard doctor != nil, run.steps == 0 else { return }
    do {
      let preflight = plan.preflight(
        of: run, on: samples, seed: settings.seed, without: [MemoryFits.self])
      for finding in watched.take(try preflight.findings()) {
        Console.print(FindingReport.words(of: finding))
      }
    } catch is DeviceError {
      // What does not fit beside the look will be seen by the steps.
    }
  }

  /// Tells what is to be said when no step will follow.
  private mutating func conclude(_ doctor: JobDoctor) throws {
    let findings = try watched.conclude()
    progress.clear()
    for finding in findings { Console.print(FindingReport.words(of: finding)) }
    let diagnosis = watched.diagnosis()
    job.summary.findings = diagnosis.findings
    Console.print("doctor                     \(diagnosis.health)")
    try doctor.writePage(samples.name, watched)
  }

  /// Runs `body`, or returns why the run could not go on; what it has reached is still worth a summary then.
  private func untilStopped(_ body: () throws -> Void) throws -> (any Error)? {
    do {
      try body()
      return nil
    } catch let error as RunError {
      return error
    } catch let error as LossScaleError {
      return error
    } catch let error as DeviceError {
      return error
    }
  }

  /// Brings the figures of the run so far into the summary.
  private mutating func takeStock() {
    (job.summary.steps, job.summary.skippedSteps) = (run.steps, run.skippedSteps)
    job.summary.seconds = progress.seconds
    job.summary.stepsPerSecond = Double(run.steps) / max(progress.seconds, 1e-9)
  }

  private func printHeader(_ resumption: Resumption?) {
    let used = job.summary.settings
    Console.print(
      "\(samples.name): \(samples.training.count) to train on, \(samples.heldOut.count) held out; "
        + "\(used.model) with \(job.summary.parameters) parameters, \(used.optimizer)")
    if let resumption {
      Console.print(resumption.description)
    } else if settings.isResuming {
      Console.print("no checkpoint in \(settings.checkpointFolder!) yet: from the beginning")
    }
  }
}

extension TrainCommand {
  private mutating func train() throws {
    var epoch = job.summary.lossPerEpoch.count
    // The checkpoint of a finished epoch leaves the loader at its end.
    if epoch > loader.state.epoch { for _ in loader {} }
    while epoch < plan.epochs {
      epoch += 1
      for batch in loader {
        let treatments = job.summary.treatments
        try step(batch, epoch: epoch)
        // The last checkpoint before a treatment is of the sick run.
        let isTreated = job.summary.treatments != treatments
        if isTreated || folder?.isDue(after: run.steps) == true { try save() }
      }
      try finish(epoch)
    }
  }

  private mutating func step(_ batch: Batch, epoch: Int) throws {
    do {
      try attempt(batch)
    } catch RunError.stuck(let skips, let reason) {
      takeNote(of: reason, step: run.steps - 1)
      throw RunError.stuck(skips: skips, reason)
    } catch let error as DeviceError where settings.onOutOfMemory == .replan {
      try replan(batch, after: error)
      try attempt(batch)
    }
    progress.show(state(epoch))
  }

  private mutating func attempt(_ batch: Batch) throws {
    let pieces = batch.split(size: max(1, (batch.count + parts - 1) / parts))
    let (loss, careBefore) = (loss, watched.care)
    var hits = 0.0
    loss.forget()
    if doctor?.treats == true { tallies[run.steps] = job.tally }
    let step = try watched.step(pieces) { _ in hits = loss.hits(inLast: pieces.count) }
    switch step.outcome {
    case .applied(let report): job.tally.add(report, hits: hits, labels: batch.y.count)
    case .skipped(let reason, let report): takeNote(of: reason, step: report.step)
    }
    for finding in step.findings { progress.note(FindingReport.words(of: finding)) }
    if let treatment = step.treatment { takeNote(of: treatment) }
    if watched.care != careBefore {
      progress.note("  memory is too small for what the doctor keeps: from here on by numbers only")
    }
  }

  /// Finds how the step on a batch fits, or throws the error that made it necessary.
  private mutating func replan(_ batch: Batch, after error: DeviceError) throws {
    progress.note("step \(run.steps): \(error)")
    func loss(_ model: Network, _ part: Batch) -> LossSum {
      crossEntropy(Network.logits(model, part.x), part.y.flattened(), reduction: .counted)
    }
    // A job of the same seed is to make the same choice.
    var fit = try run.fit(batch, patience: 0, loss)
    if fit == nil, let file = try? StateFile(in: settings.checkpointFolder ?? "/var/tmp") {
      fit = try run.fit(batch, stateFile: file, patience: 0, loss)
    }
    guard let fit else { throw error }
    watched.change { $0.apply(fit) }
    parts = fit.parts
    progress.note("going on with \(fit)")
  }

  private mutating func takeNote(of reason: SkipReason, step: Int) {
    job.summary.skips["\(reason)", default: []].append(step)
    progress.note("step \(step) skipped: \(reason)")
  }

  private mutating func takeNote(of treatment: Treatment) {
    var treatment = treatment
    treatment.rateBefore = job.summary.treatedRate
    job.summary.add(treatment)
    // Those of epochs that are over stay as they are.
    let first = max(treatment.from, tallies.keys.min() ?? 0)
    if let start = tallies[first] {
      job.tally.replaceLosses(
        since: start, by: watched.record.steps.filter { $0.step >= first })
    }
    progress.note("  treatment of \(treatment)")
  }

  private mutating func finish(_ epoch: Int) throws {
    let accuracy = try run.withAveragedWeights { try $0.accuracy(on: samples.heldOut) }
    job.summary.lossPerEpoch.append(job.tally.loss)
    job.summary.accuracyPerEpoch.append(job.tally.accuracy)
    job.summary.heldOutAccuracyPerEpoch.append(accuracy)
    progress.finishEpoch(state(epoch), heldOut: accuracy)
    if job.plateau?.observe(job.tally.loss) == .reduced {
      let factor = job.plateau!.scale * job.summary.treatedRate
      let schedule = plan.schedule.scaled(by: factor)
      watched.change { $0.schedule = schedule }
    }
    (job.tally, tallies) = (Tally(), [:])
    try save(accuracy: accuracy)
  }

  private mutating func save(accuracy: Double? = nil) throws {
    guard let folder else { return }
    takeStock()
    try folder.write(run, loader, job, accuracy: accuracy)
  }

  private func state(_ epoch: Int) -> Progress.State {
    Progress.State(
      epoch: epoch, epochs: plan.epochs, step: run.steps, steps: plan.epochs * plan.stepsPerEpoch,
      loss: job.tally.loss, accuracy: job.tally.accuracy, gradientNorm: job.tally.gradientNorm,
      learningRate: job.tally.learningRate,
      health: doctor?.health(watched.diagnosis(), job.summary.treatments ?? []))
  }
}
