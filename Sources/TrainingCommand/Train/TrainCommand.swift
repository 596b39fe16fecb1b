internal import TrainingDiagnostics
internal import TrainingKit

/// `training train`: trains a network, evaluates it on held-out data and prints a summary.
struct TrainCommand {
  private let settings: TrainSettings
  private let samples: Samples
  private let plan: Plan
  private let folder: JobFolder?
  private let loader: DataLoader
  private var run: TrainingRun<Network>
  private var job: Job
  private var progress: Progress
  private var doctor: JobDoctor?
  /// The parts that batches are computed in.
  private var parts: Int

  init(_ settings: TrainSettings) throws {
    try settings.check()
    if let path = settings.json { try File.checkWritable(path) }
    doctor = try JobDoctor(settings)
    if let threads = settings.threads { Threads.count = threads }
    if let limit = settings.memoryLimit { Device.cpu.memoryLimit = limit }
    (self.settings, parts) = (settings, settings.parts)
    let samples = try Samples(settings)
    let plan = Plan(settings, samples)
    let network = try withRandomGenerator(RandomGenerator(seed: settings.seed)) {
      try Network(plan, samples)
    }
    (self.samples, self.plan) = (samples, plan)
    folder = JobFolder(settings)
    loader = DataLoader(
      samples.training, batchSize: plan.batchSize, shuffle: true, seed: settings.seed)
    run = plan.run(network)
    run.generator = RandomGenerator(seed: settings.seed &+ 1)
    job = Job(
      summary: Summary(
        settings: plan.summary(samples), parameters: network.parameterCount,
        trainingSamples: samples.training.count, heldOutSamples: samples.heldOut.count))
    if settings.schedule == .plateau { job.plateau = ReduceOnPlateau(patience: 3) }
    if !settings.isResuming { try folder?.checkEmpty() }
    let isResumed = try settings.isResuming && folder!.resume(&run, loader, &job)
    progress = Progress(secondsBefore: job.summary.seconds)
    printHeader(isResumed: isResumed)
  }

  /// Runs the whole job.
  mutating func execute() throws {
    let stop = try untilStopped { try train() }
    job.summary.stopped = stop.map { "\($0)" }
    takeStock()
    job.summary.finalAccuracy = job.summary.heldOutAccuracyPerEpoch.last
    Console.print("\n" + job.summary.report)
    let name = samples.name
    if let diagnosis = try doctor?.conclude(name: name) {
      job.summary.findings = diagnosis.findings
      Console.print("doctor                     \(diagnosis.health)")
    }
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

  private func printHeader(isResumed: Bool) {
    let used = job.summary.settings
    Console.print(
      "\(samples.name): \(samples.training.count) to train on, \(samples.heldOut.count) held out; "
        + "\(used.model) with \(job.summary.parameters) parameters, \(used.optimizer)")
    if isResumed {
      Console.print("going on after step \(run.steps) of \(plan.epochs * plan.stepsPerEpoch)")
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
        try step(batch, epoch: epoch)
        if folder?.isDue(after: run.steps) == true { try save() }
      }
      try finish(epoch)
    }
  }

  private mutating func step(_ batch: Batch, epoch: Int) throws {
    do {
      try attempt(batch)
    } catch RunError.stuck(let skips, let reason) {
      takeNote(of: reason)
      throw RunError.stuck(skips: skips, reason)
    } catch let error as DeviceError where settings.onOutOfMemory == .replan {
      try replan(batch, after: error)
      try attempt(batch)
    }
    progress.show(state(epoch))
  }

  private mutating func attempt(_ batch: Batch) throws {
    var hits = 0.0
    let size = max(1, (batch.count + parts - 1) / parts)
    let outcome = try run.step(accumulating: batch.split(size: size)) { model, part in
      let logits = Network.logits(model, part.x)
      let labels = part.y.flattened()
      hits += Network.hits(logits, labels)
      return crossEntropy(logits, labels, reduction: .counted)
    }
    for finding in doctor?.observe(outcome) ?? [] {
      progress.note(FindingReport.words(of: finding))
    }
    switch outcome {
    case .applied(let report): job.tally.add(report, hits: hits, labels: batch.y.count)
    case .skipped(let reason, _): takeNote(of: reason)
    }
  }

  /// Finds how the step on a batch fits, or throws the error that made it necessary.
  private mutating func replan(_ batch: Batch, after error: DeviceError) throws {
    progress.note("step \(run.steps + 1): \(error)")
    func loss(_ model: Network, _ part: Batch) -> LossSum {
      crossEntropy(Network.logits(model, part.x), part.y.flattened(), reduction: .counted)
    }
    // A job of the same seed is to make the same choice.
    var fit = try run.fit(batch, patience: 0, loss)
    if fit == nil, let file = try? StateFile(in: settings.checkpointFolder ?? "/var/tmp") {
      fit = try run.fit(batch, stateFile: file, patience: 0, loss)
    }
    guard let fit else { throw error }
    run.apply(fit)
    parts = fit.parts
    progress.note("going on with \(fit)")
  }

  private mutating func takeNote(of reason: SkipReason) {
    job.summary.skips["\(reason)", default: []].append(run.steps)
    progress.note("step \(run.steps) skipped: \(reason)")
  }

  private mutating func finish(_ epoch: Int) throws {
    let accuracy = try run.withAveragedWeights { try $0.accuracy(on: samples.heldOut) }
    job.summary.lossPerEpoch.append(job.tally.loss)
    job.summary.accuracyPerEpoch.append(job.tally.accuracy)
    job.summary.heldOutAccuracyPerEpoch.append(accuracy)
    progress.finishEpoch(state(epoch), heldOut: accuracy)
    if job.plateau?.observe(job.tally.loss) == .reduced {
      run.schedule = plan.schedule.scaled(by: job.plateau!.scale)
    }
    job.tally = Tally()
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
      learningRate: job.tally.learningRate)
  }
}
