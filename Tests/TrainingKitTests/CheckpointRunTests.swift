import Foundation
import TestSupport
import TrainingKit
import XCTest

/// A run that was saved and loaded goes on as if nothing had happened.
final class CheckpointRunTests: XCTestCase {
  private lazy var folder = TemporaryFolder(of: self)
  private var path: String { folder.file("run.safetensors") }
  private let data = TensorDataset(
    inputs: RandomGenerator(seed: 1).normal([40, 4]),
    labels: RandomGenerator(seed: 2).integers([40], in: 0..<3))

  private struct Setting {
    var optimizer: any Optimizer = AdamW()
    var isMersenne = false
    /// Whether run and loader draw from one generator.
    var isShared = false
    var dtype = DType.float32
    var precision = Precision.full
    var clipping = Clipping.globalNorm(1)
    var smoothing: GradientSmoothing?
    var average: WeightAverage?
  }

  private func generator(_ seed: UInt64, _ setting: Setting) -> RandomGenerator {
    setting.isMersenne ? RandomGenerator(mersenneTwister: seed) : RandomGenerator(seed: seed)
  }

  private func makeRun(_ setting: Setting = Setting(), seed: UInt64 = 7) -> TrainingRun<Patient> {
    let generator = generator(seed, setting)
    let model = withRandomGenerator(generator) { Patient() }
    model.convert(to: setting.dtype)
    return TrainingRun(
      model: model, optimizer: setting.optimizer,
      schedule: .warmup(steps: 2).then(.cosine(peak: 1e-2, steps: 20)),
      precision: setting.precision, clipping: setting.clipping, smoothing: setting.smoothing,
      average: setting.average, generator: generator)
  }

  private func makeLoader(
    _ setting: Setting = Setting(), of run: TrainingRun<Patient>? = nil, batchSize: Int = 7
  ) -> DataLoader {
    let own = setting.isMersenne ? RandomGenerator(mersenneTwister: 5) : nil
    return DataLoader(
      data, batchSize: batchSize, shuffle: true, seed: 3,
      generator: setting.isShared ? run?.generator : own)
  }

  /// So many steps, over the ends of epochs; the losses.
  private func train(
    _ run: inout TrainingRun<Patient>, _ loader: DataLoader, steps: Int
  ) throws -> [UInt64] {
    var losses: [UInt64] = []
    // Goes on with an epoch that was left.
    let state = loader.state
    loader.state = state
    while true {
      for batch in loader {
        let x = batch.x.cast(to: run.model.input.weight.value.dtype)
        losses.append(try run.step { crossEntropy($0(x), batch.y) }.report.loss.bitPattern)
        if losses.count == steps { return losses }
      }
    }
  }

  /// Everything of a run and its loader that may change, as bytes.
  private func everything(_ run: TrainingRun<Patient>, _ loader: DataLoader) throws -> [UInt8] {
    let file = folder.file("everything")
    defer { try? FileManager.default.removeItem(atPath: file) }
    try run.save(to: file, loader: loader)
    return try [UInt8](contentsOfFile: file)
  }

  func testAResumedRunTakesTheSameStepsToTheSameBits() throws {
    let samples = OptimizerCatalog.all.flatMap { entry in
      entry.samples.map { Setting(optimizer: $0) }
    }
    let others = [
      Setting(isMersenne: true), Setting(dtype: .float64), Setting(dtype: .bfloat16),
      Setting(optimizer: SGD(momentum: 0.9), isMersenne: true, dtype: .float64),
      Setting(isShared: true), Setting(isMersenne: true, isShared: true),
      Setting(precision: .mixed(.bfloat16)),
      Setting(
        precision: .mixed(.float16, scaler: GradScaler(initialScale: 0x1p24, growthInterval: 2))),
      Setting(clipping: .percentile(30)), Setting(clipping: .zScore(warmup: 3)),
      Setting(smoothing: GradientSmoothing()), Setting(average: .exponential(decay: 0.9)),
      Setting(
        optimizer: SGD(momentum: 0.9), precision: .mixed(.float16), clipping: .percentile(30),
        smoothing: GradientSmoothing(decay: 0.5), average: .stochastic(every: 2, after: 3)),
    ]
    var count = 0
    for setting in samples + others {
      // Saved within the first epoch, at its end, and within the second.
      for steps in [4, 6, 9] {
        var whole = makeRun(setting)
        let wholeLoader = makeLoader(setting, of: whole)
        let losses = try train(&whole, wholeLoader, steps: 2 * steps)

        var first = makeRun(setting)
        let firstLoader = makeLoader(setting, of: first)
        _ = try train(&first, firstLoader, steps: steps)
        try first.save(to: path, loader: firstLoader)

        var second = makeRun(setting, seed: 99)
        let secondLoader = makeLoader(setting, of: second)
        try second.load(from: path, loader: secondLoader)
        XCTAssertEqual(try everything(second, secondLoader), try everything(first, firstLoader))
        let rest = try train(&second, secondLoader, steps: steps)
        XCTAssertEqual(rest, Array(losses[steps...]), "\(setting) after \(steps)")
        XCTAssertEqual(try everything(second, secondLoader), try everything(whole, wholeLoader))
        count += 1
      }
    }
    print("resumed runs: \(count), all to the bit")
  }

  func testARunWithoutLoaderAndWithTheCurrentGenerator() throws {
    let (x, y) = (data.all.x, data.all.y)
    let losses = try withRandomGenerator(RandomGenerator(seed: 4)) {
      func make() -> TrainingRun<Patient> {
        TrainingRun(model: Patient(), optimizer: Adam(), schedule: .constant(1e-2))
      }
      var run = make()
      _ = try run.step { crossEntropy($0(x), y) }
      try run.save(to: path)
      let expected = try run.step { crossEntropy($0(x), y) }.report.loss
      var resumed = make()
      try resumed.load(from: path)
      XCTAssertEqual([resumed.steps, resumed.updates], [1, 1])
      return (expected, try resumed.step { crossEntropy($0(x), y) }.report.loss)
    }
    XCTAssertEqual(losses.0, losses.1)
  }

  /// Saves a run, changes the file or the run, and compares the run with before the attempt to load.
  private func assertRefused(
    _ expected: String, run other: TrainingRun<Patient>? = nil, loader: DataLoader? = nil,
    isSavedWithLoader: Bool = true, isLoadedWithLoader: Bool = true,
    _ change: (inout Checkpoint) throws -> Void = { _ in }
  ) throws {
    var saved = makeRun()
    let savedLoader = makeLoader()
    _ = try train(&saved, savedLoader, steps: 3)
    var checkpoint = try saved.checkpoint(loader: isSavedWithLoader ? savedLoader : nil)
    try change(&checkpoint)
    try checkpoint.write(to: path)

    var run = other ?? makeRun(seed: 8)
    let loader = loader ?? makeLoader()
    _ = try train(&run, loader, steps: 2)
    let before = try everything(run, loader)
    XCTAssertThrowsError(
      try run.load(from: path, loader: isLoadedWithLoader ? loader : nil), expected
    ) {
      XCTAssertTrue("\($0)".hasPrefix("\(path): "), "\($0)")
      XCTAssertEqual("\($0)".dropFirst("\(path): ".count).description, expected)
      XCTAssertEqual(($0 as? CheckpointError)?.kind, .mismatch)
    }
    XCTAssertEqual(try everything(run, loader), before, "\(expected): something changed")
  }

  func testWeightsThatDoNotFitAreRefused() throws {
    try assertRefused("model.input.weight: expected float32 of [8, 4], got float32 of [4, 8]") {
      $0["model"]["input.weight"] = $0["model"]["input.weight"]!.transposed()
    }
    try assertRefused("model.output.bias: expected float32 of [3], got float64 of [3]") {
      $0["model"]["output.bias"] = .zeros([3], dtype: .float64)
    }
    try assertRefused("model.norm.runningMean: expected float32 of [8], got none") {
      $0["model"]["norm.runningMean"] = nil
    }
    try assertRefused("model.extra: expected no tensor of this name, got float32 of [1]") {
      $0["model"]["extra"] = .zeros([1])
    }
  }

  func testAStateOfTheOptimizerThatDoesNotFitIsRefused() throws {
    try assertRefused("optimizer.input.weight.firstMoment: expected [8, 4], got [4, 8]") {
      $0["optimizer"]["input.weight.firstMoment"] = .zeros([4, 8])
    }
    try assertRefused(
      "optimizer.input.weight.firstMoment: expected float32 of [8, 4], got bfloat16 of [8, 4]"
    ) {
      $0["optimizer"]["input.weight.firstMoment"] = .zeros([8, 4], dtype: .bfloat16)
    }
    try assertRefused("optimizer.input.bias.secondMoment: expected a tensor, got none") {
      $0["optimizer"]["input.bias.secondMoment"] = nil
    }
    try assertRefused("optimizer.other: expected no tensor of this name, got one") {
      $0["optimizer"]["other"] = .zeros([1])
    }
    for stray in [-1, Int.max] {
      try assertRefused(
        "optimizer.input.bias.step: expected a whole number of 0 or more, got \(Double(stray))"
      ) {
        $0["optimizer"]["input.bias.step"] = Tensor([stray]).reshaped(.scalar)
      }
    }
  }

  func testOtherSettingsAreRefused() throws {
    func run(_ optimizer: any Optimizer) -> TrainingRun<Patient> {
      makeRun(Setting(optimizer: optimizer))
    }
    var clipped = makeRun()
    clipped.clipping = .globalNorm(2)
    try assertRefused("optimizer.kind: expected Adam, got AdamW", run: run(Adam()))
    try assertRefused("optimizer.beta1: expected 0.5, got 0.9", run: run(AdamW(beta1: 0.5)))
    try assertRefused(
      "optimizer.amsgrad: expected true, got false", run: run(AdamW(amsgrad: true)))
    try assertRefused("clipping.rule.globalNorm.0: expected 2.0, got 1.0", run: clipped)
    try assertRefused(
      "loader: expected a state of the loader, got another: DataLoader.state: expected a state over "
        + "40 examples, 40 an epoch in batches of 5, got one over 40 examples, 40 an epoch in "
        + "batches of 7", loader: makeLoader(batchSize: 5))
    var half = makeRun()
    half.precision = .mixed(.float16)
    try assertRefused("precision.kind: expected DType, got none", run: half)
    var averaged = makeRun()
    averaged.average = .exponential(decay: 0.5)
    try assertRefused("average.kind: expected Settings, got none", run: averaged)
    try assertRefused(
      "loader: expected a loader to take to the place in the data, got none",
      isLoadedWithLoader: false)
    try assertRefused("loader: expected a value, got none", isSavedWithLoader: false)
  }

  func testNumbersThatDoNotFitAreRefused() throws {
    struct Progress: Codable {
      var steps, updates: Int
      var skipsInARow = 0
      var learningRate: Double
    }
    try assertRefused("progress: expected at most as many updates as steps, got 3 and 1") {
      try $0.encode(Progress(steps: 1, updates: 3, learningRate: 0), as: "progress")
    }
    try assertRefused("schedule: expected a learning rate of 0.5 at 3, got 0.009938441702975689") {
      try $0.encode(Progress(steps: 3, updates: 3, learningRate: 0.5), as: "progress")
    }
    try assertRefused("schedule: expected a learning rate of 0.009938441702975689 at 3, got 0.1") {
      try $0.encode(Schedule.constant(0.1), as: "schedule")
    }
  }

  func testADamagedFileChangesNothing() throws {
    var saved = makeRun()
    let loader = makeLoader()
    _ = try train(&saved, loader, steps: 3)
    try saved.save(to: path, loader: loader)
    let whole = try [UInt8](contentsOfFile: path)
    var run = makeRun(seed: 8)
    _ = try train(&run, loader, steps: 1)
    let before = try everything(run, loader)
    var random = SystemLike(seed: 6)
    let rounds = 300
    for round in 0..<rounds {
      var bytes = whole
      let place = Int.random(in: 0..<bytes.count, using: &random)
      if round % 3 == 0 {
        bytes.removeSubrange(place...)
      } else {
        bytes[place] ^= UInt8.random(in: 1...255, using: &random)
      }
      try bytes.write(toFile: path)
      XCTAssertThrowsError(try run.load(from: path, loader: loader)) {
        XCTAssertTrue("\($0)".hasPrefix("\(path): "), "\($0)")
      }
    }
    XCTAssertThrowsError(try run.load(from: folder.file("none"), loader: loader))
    XCTAssertEqual(try everything(run, loader), before)
    print("damaged checkpoints: \(rounds), all refused by the run, which stayed as it was")
  }

  func testAFolderTakesARunThroughItsLife() throws {
    let checkpoints = CheckpointFolder(folder.path, keepLast: 2, keepBest: .lowest)
    var whole = makeRun()
    let wholeLoader = makeLoader()
    _ = try train(&whole, wholeLoader, steps: 12)
    // Three lives, each of which loses what it did after its last checkpoint.
    for _ in 0..<3 {
      var run = makeRun(seed: 50)
      let loader = makeLoader()
      let found = try checkpoints.latest()
      if let checkpoint = found.checkpoint {
        try run.restore(checkpoint, loader: loader)
      } else {
        run = makeRun()
      }
      for _ in 0..<2 {
        _ = try train(&run, loader, steps: 2)
        try checkpoints.write(run.checkpoint(loader: loader), step: run.steps)
      }
      _ = try train(&run, loader, steps: 1)
    }
    var last = makeRun(seed: 50)
    let lastLoader = makeLoader()
    let found = try checkpoints.latest()
    XCTAssertEqual(found.entry?.step, 12)
    try last.restore(found.checkpoint!, loader: lastLoader)
    XCTAssertEqual(try everything(last, lastLoader), try everything(whole, wholeLoader))
  }
}
