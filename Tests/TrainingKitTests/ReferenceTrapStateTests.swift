import TrainingKit
import XCTest

/// The other half of the traps: state, memory, data and the parts of a batch.
final class ReferenceTrapStateTests: XCTestCase {
  private final class Normalized: Module {
    let (body, norm, head) = (Linear(4, 6), BatchNorm(6), Linear(6, 3))
    func forward(_ x: Tensor) -> Tensor { head(norm(body(x)).relu()) }
  }

  private final class Weights: Module {
    let weight: Parameter
    init(_ values: Tensor) { weight = Parameter(values) }
    func forward(_ x: Tensor) -> Tensor { weight.value * x }
  }

  private let x = RandomGenerator(seed: 1).normal([12, 4])
  private let y = Tensor([0, 1, 2, 0, 0, 0, 1, 2, 0, 0, 0, 1] as [Int64])

  private func makeModel() -> Normalized {
    withRandomGenerator(RandomGenerator(seed: 7)) { Normalized() }
  }

  private func makeRun(
    _ optimizer: some Optimizer = AdamW(), clipping: Clipping = .none,
    average: WeightAverage? = nil
  ) -> TrainingRun<Normalized> {
    TrainingRun(
      model: makeModel(), optimizer: optimizer, schedule: .constant(0.1), clipping: clipping,
      average: average)
  }

  private func step(_ run: inout TrainingRun<Normalized>) throws -> StepOutcome {
    try run.step { crossEntropy($0(self.x), self.y) }
  }

  private func elements(_ state: [String: Tensor]) -> [String: [Double]] {
    state.mapValues { $0.elements() }
  }

  /// An average ignores the statistics of batch norm, or averages their counter; in halves it never moves.
  func test13AnAverageSaysWhatBecomesOfBuffers() throws {
    for policy in WeightAverage.BufferPolicy.allCases {
      var run = makeRun(average: .exponential(decay: 0.5, buffers: policy))
      for _ in 0..<3 { _ = try step(&run) }
      let (mean, count) = (run.model.norm.runningMean.value, run.model.norm.batchCount.value)
      let weights = try XCTUnwrap(run.average).weights
      let averaged = weights["norm.runningMean"]
      XCTAssertEqual(averaged == nil, policy == .skip)
      XCTAssertEqual(averaged?.isIdentical(to: mean) ?? false, policy == .copy)
      XCTAssertEqual(weights["norm.batchCount"]?.item(), policy == .skip ? nil : 3)
      XCTAssertEqual(count.item(), 3)
    }
    var average = WeightAverage.exponential(decay: 0.9999)
    let model = Weights(Tensor([1], dtype: .bfloat16))
    average.update(from: model)
    model.weight.value = Tensor([2], dtype: .bfloat16)
    for _ in 0..<100 { average.update(from: model) }
    XCTAssertGreaterThan(average.weights["weight"]!.item(), 1.009)
  }

  /// Weights in bfloat16 lose small updates: 1 − 1e-5 is 1.
  func test14SmallUpdatesOfHalvesAddUp() {
    let model = Weights(Tensor([1], dtype: .bfloat16))
    var optimizer = SGD()
    for _ in 0..<10_000 {
      let gradients = model.gradients(of: model(Tensor([1], dtype: .bfloat16)).sum())
      optimizer.update(model, with: gradients, learningRate: 1e-5)
    }
    XCTAssertEqual(model.weight.value.item(), 0.9, accuracy: 0.004)
  }

  /// Adam's ε of 1e-8 and the squares of small gradients are 0 in float16, and the step is infinite.
  func test15MomentsAndEpsilonAreNotHalves() {
    let model = Weights(Tensor([1, 1], dtype: .float16))
    var adam = Adam()
    for _ in 0..<10 {
      let loss = (model(Tensor([1e-5, 0], dtype: .float16))).sum()
      adam.update(model, with: model.gradients(of: loss), learningRate: 0.01)
    }
    let values: [Double] = model.weight.value.elements()
    XCTAssertEqual(values[0], 0.9, accuracy: 1e-3)
    XCTAssertEqual(values[1], 1)
    for (_, moment) in adam.states["weight"]!.tensors where moment.dtype.isFloatingPoint {
      XCTAssertTrue(moment.dtype == .float32 || moment.count == 0, "\(moment.dtype)")
    }
  }

  /// Clipping divides by a norm of infinity, and the gradients are zeros; or by NaN, and all is NaN.
  func test16ANormThatIsNotFiniteClipsNothing() throws {
    let losses: [(Tensor) -> Tensor] = [{ ($0 * 0).sqrt() }, { ($0 - $0.detached()).sqrt() }]
    for loss in losses {
      let model = Weights(Tensor([1.0, -2, 3]))
      var run = TrainingRun(
        model: model, optimizer: SGD(), schedule: .constant(0.1), clipping: .globalNorm(1))
      let outcome = try run.step { loss($0.weight.value).sum() }
      guard case .skipped(.nonFiniteGradient("weight"), _) = outcome else {
        return XCTFail("\(outcome)")
      }
      XCTAssertEqual(model.weight.value.elements(), [1, -2, 3])
    }
    let model = Weights(Tensor([1, -2, 3] as [Float]))
    var run = TrainingRun(
      model: model, optimizer: SGD(), schedule: .constant(1), clipping: .globalNorm(1))
    let report = try run.step { ($0.weight.value * 1e30).sum() }.report
    XCTAssertEqual(report.gradientNorm, 1e30 * 3.0.squareRoot(), accuracy: 1e24)
    XCTAssertEqual(model.weight.value[0].item(), 1 - 1 / 3.0.squareRoot(), accuracy: 1e-6)
  }

  /// A loaded state is cast to the dtype of the weights, or belongs to other parameters of the same order.
  func test17ALoadedStateKeepsItsDtypeAndFitsByName() throws {
    let (half, other) = (Weights(Tensor([1, 2], dtype: .bfloat16)), Weights(Tensor([1.0, 2, 3])))
    var adam = Adam()
    let gradients = half.gradients(of: half(Tensor([1e-3, 3], dtype: .bfloat16)).sum())
    adam.update(half, with: gradients, learningRate: 0.1)
    let state = adam.state()
    var (loaded, refused) = (Adam(), Adam())
    try loaded.load(state, for: half)
    XCTAssertEqual(elements(loaded.state()), elements(state))
    XCTAssertEqual(loaded.states["weight"]?.tensors["secondMoment"]?.dtype, .float32)
    XCTAssertThrowsError(try refused.load(state, for: other)) {
      XCTAssertTrue("\($0)".contains("weight."), "\($0)")
    }
    XCTAssertThrowsError(try refused.load(state, for: makeModel())) {
      XCTAssertTrue($0 is StateError, "\($0)")
    }
    XCTAssertTrue(refused.states.isEmpty)
  }

  /// The best weights that were kept aside change with the model.
  func test18WhatIsKeptDoesNotMoveWithTheModel() throws {
    var run = makeRun()
    _ = try step(&run)
    let (snapshot, state) = (run.snapshot(), run.model.state())
    let (checkpoint, before) = (try run.checkpoint(), elements(run.model.state()))
    for _ in 0..<3 { _ = try step(&run) }
    XCTAssertNotEqual(elements(run.model.state()), before)
    XCTAssertEqual(elements(state), before)
    try run.restore(snapshot)
    XCTAssertEqual(elements(run.model.state()), before)
    _ = try step(&run)
    try run.restore(checkpoint)
    XCTAssertEqual(elements(run.model.state()), before)
  }

  /// Nothing learns behind a frozen layer.
  func test19GradientsPassFrozenLayers() {
    let model = makeModel()
    let whole = model.gradients(of: crossEntropy(model(x), y))
    for named in model.norm.parameters { named.parameter.isTrainable = false }
    for named in model.head.parameters { named.parameter.isTrainable = false }
    let rest = model.gradients(of: crossEntropy(model(x), y))
    XCTAssertEqual(rest.missing, [])
    XCTAssertEqual(rest.paths.sorted(), ["body.bias", "body.weight"])
    for path in rest.paths { XCTAssertTrue(rest[path]!.isIdentical(to: whole[path]!)) }
  }

  /// A second pass over the same batch drops other units.
  func test20ASnapshotOfTheGeneratorGivesTheSamePassAgain() {
    let (dropout, generator) = (Dropout(0.5), RandomGenerator(seed: 3))
    withRandomGenerator(generator) {
      let start = generator.state
      let first = dropout(x)
      XCTAssertFalse(dropout(x).isIdentical(to: first))
      generator.state = start
      XCTAssertTrue(dropout(x).isIdentical(to: first))
    }
  }

  /// Only a part of the passes over the parts of a batch accumulates, or parts of other sizes weigh the same.
  func test21AccumulationOwnsForwardAndBackward() throws {
    let (whole, parts) = (makeModel(), makeModel())
    whole.norm.evaluate()
    parts.norm.evaluate()
    var run = TrainingRun(model: whole, optimizer: SGD(), schedule: .constant(0.1))
    var other = TrainingRun(model: parts, optimizer: SGD(), schedule: .constant(0.1))
    for _ in 0..<3 {
      _ = try run.step { crossEntropy($0(self.x), self.y) }
      _ = try other.step(accumulating: [0..<1, 1..<9, 9..<12]) { model, rows in
        crossEntropy(model(x[rows]), y[rows], reduction: .counted)
      }
    }
    for (path, tensor) in whole.state() where tensor.dtype.isFloatingPoint {
      XCTAssertTrue(parts.state()[path]!.isClose(to: tensor, relative: 1e-5), path)
    }
  }

  /// Every epoch has the order of the first, and ranks see some examples twice when they evaluate.
  func test22EpochsCountThemselvesAndNoExampleIsDoubled() {
    let data = TensorDataset(inputs: Tensor(Array(0..<10)), labels: Tensor(Array(0..<10)))
    let loaders = (0..<4).map {
      DataLoader(
        data, batchSize: 2, sampler: .distributed(rank: $0, of: 4, remainder: .kept), seed: 1)
    }
    let epochs = (0..<2).map { _ in loaders.map { $0.flatMap(\.indices) } }
    XCTAssertNotEqual(epochs[0], epochs[1])
    for epoch in epochs { XCTAssertEqual(epoch.flatMap { $0 }.sorted(), Array(0..<10)) }
  }

  /// Every worker draws the same noise.
  func test23NoTwoBatchesDrawTheSame() {
    let data = TensorDataset(inputs: Tensor(Array(0..<12)), labels: Tensor(Array(0..<12)))
    let noisy = data.transformed { batch, generator in batch.x = generator.normal([1]) }
    func draws(_ workers: Int) -> [Float] {
      DataLoader(noisy, batchSize: 2, seed: 1, workers: workers).map { Float($0.x.item()) }
    }
    XCTAssertEqual(Set(draws(3)).count, 6)
    XCTAssertEqual(draws(3), draws(0))
  }

  /// The root of a negative number, though nobody looks at it, makes the gradient NaN.
  func test24TheBranchNotTakenHasNoGradient() throws {
    let model = Weights(Tensor([4.0, 0, -1]))
    func unsafe(_ x: Tensor) -> Tensor { which(x .> 0, x.sqrt(), Tensor([0.0])) }
    func safe(_ x: Tensor) -> Tensor { x.mapped(where: x .> 0) { $0.sqrt() } }
    XCTAssertEqual(
      model.gradients(of: safe(model.weight.value).sum())["weight"]!.elements(), [0.25, 0, 0])
    var run = TrainingRun(model: model, optimizer: SGD(), schedule: .constant(0.1))
    let outcome = try run.step { unsafe($0.weight.value).sum() }
    guard case .skipped(let reason, _) = outcome else { return XCTFail("\(outcome)") }
    XCTAssertTrue("\(reason)".contains("weight"), "\(reason)")
    XCTAssertEqual(model.weight.value.elements(), [4, 0, -1])
  }

  /// The error keeps the tensors of the attempt alive, and the smaller attempt fails too.
  func test25AnAttemptThatLacksMemoryKeepsNothing() throws {
    let before = Device.cpu.memory.live
    XCTAssertThrowsError(
      try validated {
        let large = Tensor.ones([1 << 20])
        let product = large * 2
        _ = product.sum() + Tensor.ones([1]).broadcast(to: [1 << 45]) * 2
      }
    ) {
      XCTAssertTrue("\($0)".contains("out of memory"), "\($0)")
      XCTAssertEqual(Device.cpu.memory.live, before)
    }
  }

  /// Weights cast once in a region are those of before the update, or have no gradient.
  func test26CastWeightsAreNeverStale() {
    let layer = Linear(4, 3, bias: false)
    var optimizer = SGD()
    autocast(.bfloat16) {
      withoutGradients { _ = layer(x) }
      let gradients = layer.gradients(of: layer(x).sum())
      XCTAssertEqual(gradients.missing, [])
      optimizer.update(layer, with: gradients, learningRate: 0.5)
      let fresh = x.cast(to: .bfloat16).matmul(
        layer.weight.value.cast(to: .bfloat16).transposed())
      XCTAssertTrue(layer(x).isIdentical(to: fresh))
    }
  }

  /// A truncated normal distribution has outliers in halves, or with a small deviation.
  func test27ATruncatedNormalIsWithinItsBounds() {
    for (deviation, dtype) in [(0.02, DType.bfloat16), (0.02, .float16), (1e-4, .float32)] {
      let values = Initializer.truncatedNormal(
        0, deviation, lower: -2 * deviation, upper: 2 * deviation)(
          [100_000], dtype: dtype, generator: RandomGenerator(seed: 1))
      let bound = Tensor(2 * deviation, dtype: dtype).item()
      XCTAssertLessThanOrEqual(values.abs().max().item(), bound, "\(dtype)")
      let root = (values.cast(to: .float64) * values.cast(to: .float64)).mean().sqrt().item()
      XCTAssertEqual(root / deviation, 0.8796, accuracy: 0.01, "\(dtype)")
    }
  }

  /// Decay and momentum move what is frozen, or what the loss does not depend on.
  func test28WhatHasNoGradientStays() throws {
    var run = makeRun(AdamW(weightDecay: 0.5))
    _ = try step(&run)
    for named in run.model.norm.parameters { named.parameter.isTrainable = false }
    let (norm, head) = (elements(run.model.norm.state()), elements(run.model.head.state()))
    run.model.norm.evaluate()
    let outcome = try run.step { model in model.norm(model.body(self.x)).abs().sum() }
    XCTAssertTrue(outcome.isApplied)
    XCTAssertEqual(outcome.report.missing.sorted(), ["head.bias", "head.weight"])
    XCTAssertEqual(elements(run.model.norm.state()), norm)
    XCTAssertEqual(elements(run.model.head.state()), head)
  }

  /// One half of the model skips the step, and the other takes it.
  func test29PartsWithOptimizersOfTheirOwnSkipTogether() throws {
    var run = makeRun(AdamW().using(SGD(momentum: 0.9), for: .path("head.*")))
    _ = try step(&run)
    let (weights, states) = (elements(run.model.state()), elements(run.optimizer.state()))
    run.model.norm.evaluate()
    let outcome = try run.step { model in
      crossEntropy(model(self.x), self.y) + (model.body.bias!.value * 0).sqrt().sum()
    }
    guard case .skipped(.nonFiniteGradient("body.bias"), _) = outcome else {
      return XCTFail("\(outcome)")
    }
    XCTAssertEqual(elements(run.model.state()), weights)
    XCTAssertEqual(elements(run.optimizer.state()), states)
  }

  /// A batch in smaller parts, for want of memory, is another batch to the schedule or to the average.
  func test30MorePartsAreTheSameStep() throws {
    var (one, twelve) = (
      makeRun(average: .stochastic(every: 2)), makeRun(average: .stochastic(every: 2))
    )
    for (count, size) in [(1, 12), (12, 1)] {
      var run = count == 1 ? one : twelve
      run.model.norm.evaluate()
      for _ in 0..<4 {
        _ = try run.step(accumulating: (0..<count).map { $0 * size..<($0 + 1) * size }) {
          model, rows in crossEntropy(model(x[rows]), y[rows], reduction: .counted)
        }
      }
      if count == 1 { one = run } else { twelve = run }
    }
    XCTAssertEqual(one.updates, twelve.updates)
    XCTAssertEqual(one.average?.updates, twelve.average?.updates)
    for (path, tensor) in one.model.state() where tensor.dtype.isFloatingPoint {
      XCTAssertTrue(twelve.model.state()[path]!.isClose(to: tensor, relative: 1e-3), path)
    }
  }

  /// Gradients are averaged over parts although the loss is a sum.
  func test31TheLossSaysHowItIsReduced() throws {
    for (reduction, factor) in [(Reduction<Tensor>.sum, 12.0), (.mean, 1)] {
      let model = makeModel()
      model.norm.evaluate()
      let gradients = model.gradients(of: crossEntropy(model(x), y, reduction: reduction))
      let counted = model.gradients(of: crossEntropy(model(x), y, reduction: .mean))
      XCTAssertEqual(gradients.globalNorm / counted.globalNorm, factor, accuracy: 1e-3)
    }
  }

  /// What was accumulated before is divided again with every part that is added.
  func test32EveryPartIsDividedOnce() throws {
    let norms = try [1, 2, 6, 12].map { count in
      var run = makeRun(SGD())
      run.model.norm.evaluate()
      let size = 12 / count
      return try run.step(accumulating: (0..<count).map { $0 * size..<($0 + 1) * size }) {
        model, rows in crossEntropy(model(x[rows]), y[rows], reduction: .counted)
      }.report.gradientNorm
    }
    for norm in norms { XCTAssertEqual(norm, norms[0], accuracy: 1e-5 * norms[0]) }
  }
}
