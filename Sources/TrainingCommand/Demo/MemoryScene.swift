internal import TrainingDiagnostics
internal import TrainingKit

/// A language model whose steps find half of the room that they need beside what is there already.
struct MemoryScene {
  private let data: DemoData
  private let seed: UInt64
  private var live = LiveLine()
  private static var steps: Int { 60 }

  init(_ data: DemoData, seed: UInt64) { (self.data, self.seed) = (data, seed) }

  /// Trains without a limit, then with one; what is shown of it goes to standard output.
  mutating func play() throws -> (runs: [ReportedRun], failure: String?) {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    var healthy = makeRun()
    let batches = batches()
    let need = try healthy.memoryPlan { run in
      for batch in batches.prefix(2) { _ = try run.step { DemoScene.loss($0, batch) } }
    }
    let twin = try train("healthy twin", &healthy, on: batches) { run, batch in
      try run.step { DemoScene.loss($0, batch) }
    }
    show("healthy twin", twin.loss, "\(ByteCount(need.peak))")
    var run = makeRun()
    let live = Device.cpu.memory.live
    Device.cpu.memoryLimit = live + (need.peak - live) / 2
    let findings = try Preflight(of: run, on: [batches[0]], with: [MemoryFits()], DemoScene.loss)
      .findings()
    if let finding = findings.first {
      Console.print("   found         \(finding.symptom) before step 0; cause: \(finding.cause)")
      DemoCommand.showMore(finding.evidenceInWords)
    }
    guard let fit = try fit(&run, batches[0]) else { return ([], "out of memory: nothing fits") }
    Device.cpu.resetPeakMemory()
    let treated = try train("treated", &run, on: batches) { run, batch in
      try run.step(accumulating: batch.split(size: batch.count / fit.parts), Self.lossSum)
    }
    let peak = Device.cpu.memory.peak
    show("treated", treated.loss, "\(ByteCount(peak))")
    let isSame = abs(treated.loss - twin.loss) <= 0.02 * twin.loss
    return (
      [
        ReportedRun(name: "out of memory: treated", record: treated.record),
        ReportedRun(name: "out of memory: healthy twin", record: twin.record),
      ], isSame && !findings.isEmpty ? nil : "out of memory: the treated run did not reach its twin"
    )
  }

  /// Meets the limit, and finds a way to take the same steps below it.
  private func fit(_ run: inout TrainingRun<Network>, _ batch: Batch) throws -> MemoryFit? {
    do {
      _ = try run.step(accumulating: [batch], Self.lossSum)
    } catch let error as DeviceError {
      DemoCommand.showMore("\(error)")
    }
    live.showAtOnce("   looking for the fastest way that fits …")
    let fit = try run.fit(batch, patience: 0, Self.lossSum)
    live.clear()
    guard let fit else { return nil }
    run.apply(fit)
    let lines = Format.wrapped("\(fit)", columns: 82)
    Console.print("   treatment     \(lines[0])")
    DemoCommand.showMore(lines.dropFirst().joined(separator: " "))
    return fit
  }

  private static func lossSum(_ model: Network, _ batch: Batch) -> LossSum {
    crossEntropy(Network.logits(model, batch.x), batch.y.flattened(), reduction: .counted)
  }

  private mutating func train(
    _ name: String, _ run: inout TrainingRun<Network>, on batches: [Batch],
    _ step: (inout TrainingRun<Network>, Batch) throws -> StepOutcome
  ) throws -> (loss: Double, record: RunRecord) {
    var record = RunRecord()
    for (place, batch) in batches.enumerated() {
      live.show("   \(name): step \(place + 1) of \(batches.count)")
      record.append(try step(&run, batch))
    }
    live.clear()
    let losses = record.steps.suffix(25).compactMap(\.loss)
    return (losses.reduce(0, +) / Double(losses.count), record)
  }

  private func makeRun() -> TrainingRun<Network> {
    withRandomGenerator(RandomGenerator(seed: seed)) {
      var run = TrainingRun(
        model: DemoScene.gpt(), optimizer: AdamW(weightDecay: 0.01), schedule: .constant(3e-3))
      run.generator = RandomGenerator(seed: seed &+ 1)
      return run
    }
  }

  private func batches() -> [Batch] {
    let loader = DataLoader(data.training, batchSize: 64, shuffle: true, seed: seed)
    var batches: [Batch] = []
    while batches.count < Self.steps {
      batches += loader.prefix(Self.steps - batches.count).filter { $0.count == 64 }
    }
    return batches
  }

  private func show(_ name: String, _ loss: Double, _ memory: String) {
    let padding = String(repeating: " ", count: max(1, 14 - name.count))
    Console.print("   \(name)\(padding)loss \(Format.significant(loss)), at most \(memory)")
  }
}
