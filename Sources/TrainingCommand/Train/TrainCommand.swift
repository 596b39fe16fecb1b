internal import TrainingKit

/// `training train`: trains a network, evaluates it on held-out data and prints a summary.
struct TrainCommand {
  private let settings: TrainSettings
  private let samples: Samples
  private let epochs: Int
  private let batchSize: Int
  private var run: TrainingRun<Network>
  private var summary: Summary
  private var progress = Progress()
  private let stepsPerEpoch: Int

  init(_ settings: TrainSettings) throws {
    if let path = settings.json { try File.checkWritable(path) }
    if let threads = settings.threads { Threads.count = threads }
    self.settings = settings
    samples = try Samples(settings)
    let plan = Plan(settings, samples)
    (epochs, batchSize, stepsPerEpoch) = (plan.epochs, plan.batchSize, plan.stepsPerEpoch)
    let samples = samples
    let network = try withRandomGenerator(RandomGenerator(seed: settings.seed)) {
      try Network(plan, samples)
    }
    run = TrainingRun(
      model: network, optimizer: plan.optimizer, schedule: plan.schedule,
      clipping: settings.clip > 0 ? .globalNorm(settings.clip) : .none)
    summary = Summary(
      settings: plan.summary(samples), parameters: network.parameterCount,
      trainingSamples: samples.training.count, heldOutSamples: samples.heldOut.count)
  }

  /// Runs the whole job.
  mutating func execute() throws {
    let used = summary.settings
    Console.print(
      "\(samples.name): \(samples.training.count) to train on, \(samples.heldOut.count) held out; "
        + "\(used.model) with \(summary.parameters) parameters, \(used.optimizer)")
    let generator = RandomGenerator(seed: settings.seed &+ 1)
    let stop = try withRandomGenerator(generator) { try untilStopped { try train() } }
    (summary.steps, summary.skippedSteps) = (run.steps, run.skippedSteps)
    summary.stopped = stop.map { "\($0)" }
    summary.seconds = progress.seconds
    summary.stepsPerSecond = Double(summary.steps) / max(progress.seconds, 1e-9)
    summary.finalAccuracy = summary.heldOutAccuracyPerEpoch.last ?? 0
    printSummary()
    if let vocabulary = samples.vocabulary, settings.generate > 0 { write(vocabulary, generator) }
    if let path = settings.json { try File.write(summary.json, to: path) }
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
    }
  }

  private mutating func train() throws {
    let loader = DataLoader(
      samples.training, batchSize: batchSize, shuffle: true, seed: settings.seed)
    for epoch in 1...epochs {
      var tally = Tally()
      for batch in loader { try step(batch, epoch: epoch, &tally) }
      let accuracy = evaluate()
      summary.lossPerEpoch.append(tally.loss)
      summary.accuracyPerEpoch.append(tally.accuracy)
      summary.heldOutAccuracyPerEpoch.append(accuracy)
      progress.finishEpoch(state(epoch, tally), heldOut: accuracy)
    }
  }

  private mutating func step(_ batch: Batch, epoch: Int, _ tally: inout Tally) throws {
    var hits = 0.0
    let outcome = try run.step { model in
      let logits = TrainCommand.logits(model, batch.x)
      let labels = batch.y.flattened()
      hits = TrainCommand.hits(logits, labels)
      return crossEntropy(logits, labels)
    }
    let report = outcome.report
    if case .skipped(let reason, _) = outcome {
      progress.note("step \(run.steps) skipped: \(reason)")
    } else {
      tally.add(report, hits: hits, labels: batch.y.count)
    }
    progress.show(state(epoch, tally))
  }

  private func state(_ epoch: Int, _ tally: Tally) -> Progress.State {
    Progress.State(
      epoch: epoch, epochs: epochs, step: run.steps, steps: epochs * stepsPerEpoch,
      loss: tally.loss, accuracy: tally.accuracy, gradientNorm: tally.gradientNorm,
      learningRate: tally.learningRate)
  }

  /// The share of held-out labels that the network gets right.
  private func evaluate() -> Double {
    run.model.evaluate()
    defer { run.model.train() }
    return withoutGradients {
      var hits = 0.0
      var labels = 0
      for batch in DataLoader(samples.heldOut, batchSize: 256) {
        let logits = TrainCommand.logits(run.model, batch.x)
        hits += TrainCommand.hits(logits, batch.y.flattened())
        labels += batch.y.count
      }
      return hits / Double(labels)
    }
  }

  /// One row of logits for every label.
  private static func logits(_ model: Network, _ input: Tensor) -> Tensor {
    let logits = model(input)
    return logits.reshaped([-1, logits.shape[-1]])
  }

  private static func hits(_ logits: Tensor, _ labels: Tensor) -> Double {
    (logits.detached().argmax(axis: -1) .== labels).sum().item()
  }
}

extension TrainCommand {
  private func printSummary() {
    let skipped = summary.skippedSteps
    Console.print(
      """

      accuracy on held-out data  \(Format.percent(summary.finalAccuracy))
      loss of the last epoch     \(Format.fixed(summary.lossPerEpoch.last ?? .nan, 4))
      steps                      \(summary.steps), \(skipped == 0 ? "none" : "\(skipped)") skipped
      time                       \(Format.duration(summary.seconds)), \
      \(Format.significant(summary.stepsPerSecond)) steps/s
      """)
  }

  /// Prints what the GPT writes, byte by byte from its own distribution.
  private mutating func write(_ vocabulary: [UInt8], _ generator: RandomGenerator) {
    run.model.evaluate()
    var tokens = [vocabulary.firstIndex(of: UInt8(ascii: "\n")) ?? 0]
    withoutGradients {
      while tokens.count <= settings.generate {
        let seen = Tensor(Array(tokens.suffix(settings.context)))
        let logits = run.model(seen.expandedDimensions(axis: 0))[0, -1]
        // The largest logit after Gumbel noise is a draw from the softmax.
        let uniform = Tensor.randomUniform(logits.shape, generator: generator)
        let noise = -(-(uniform + 1e-20).log() + 1e-20).log()
        tokens.append(Int((logits + noise).argmax().item()))
      }
    }
    let text = String(decoding: tokens.dropFirst().map { vocabulary[$0] }, as: UTF8.self)
    summary.text = text
    Console.print("\nwhat it writes:\n\(text)")
  }
}

/// Averages of the running epoch.
private struct Tally {
  private var lossSum = 0.0
  private var steps = 0.0
  private var hits = 0.0
  private var labels = 0.0
  private(set) var gradientNorm = 0.0
  private(set) var learningRate = 0.0

  var loss: Double { lossSum / steps }
  var accuracy: Double { labels == 0 ? 0 : hits / labels }

  mutating func add(_ report: StepReport, hits: Double, labels: Int) {
    lossSum += report.loss
    steps += 1
    self.hits += hits
    self.labels += Double(labels)
    gradientNorm = report.gradientNorm
    learningRate = report.learningRate
  }
}
