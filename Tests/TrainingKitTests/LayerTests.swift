import DeviceChecks
import TestSupport
import TrainingKit
import XCTest

/// What is true of every layer.
final class LayerTests: XCTestCase {
  private func input(_ sample: LayerSample, _ dtype: DType = .float32) -> Tensor {
    let generator = RandomGenerator(seed: 1)
    guard let tokens = sample.tokens else {
      return generator.uniform(sample.shape, in: -2..<2, dtype: .float64).cast(to: dtype)
    }
    return generator.integers(sample.shape, in: 0..<tokens)
  }

  /// The layer with random parameters, so that no zero or one hides a mistake.
  private func layer(_ sample: LayerSample, _ dtype: DType = .float32) -> any Module<Tensor, Tensor>
  {
    let layer = withRandomGenerator(RandomGenerator(seed: 4), sample.make)
    let generator = RandomGenerator(seed: 5)
    for named in layer.parameters {
      let noise = generator.uniform(named.parameter.value.shape, in: -0.5..<0.5)
      named.parameter.value = named.parameter.value + noise
    }
    layer.convert(to: dtype)
    return layer
  }

  /// The same elements are dropped in every call.
  private func output(_ layer: any Module<Tensor, Tensor>, _ x: Tensor) -> Tensor {
    withRandomGenerator(RandomGenerator(seed: 6)) { layer(x) }
  }

  func testEveryLayerHasTheRightGradientsOfItsInput() {
    for sample in LayerCatalog.all where sample.tokens == nil {
      let layer = layer(sample, .float64)
      for order in [1, 2] {
        let check = checkGradients(
          of: { self.output(layer, $0[0]) }, at: [input(sample, .float64)], order: order,
          isProjected: true)
        XCTAssertTrue(check.isCorrect, "\(sample.name): \(check)")
      }
    }
  }

  /// Moving a parameter along a direction changes the loss as its gradient says.
  func testEveryLayerHasTheRightGradientsOfItsParameters() {
    for sample in LayerCatalog.all {
      let layer = layer(sample, .float64)
      let x = input(sample, .float64)
      let weights = RandomGenerator(seed: 7).uniform(output(layer, x).shape, dtype: .float64)
      func loss() -> Tensor { (output(layer, x) * weights).sum() }
      let gradients = layer.gradients(of: loss())
      XCTAssertEqual(gradients.missing, [], sample.name)
      for named in layer.parameters {
        let start = named.parameter.value.detached()
        let direction = RandomGenerator(seed: 8).normal(start.shape, dtype: .float64)
        func moved(by step: Double) -> Double {
          named.parameter.value = start + direction * step
          return loss().item()
        }
        let difference = (moved(by: 1e-5) - moved(by: -1e-5)) / 2e-5
        named.parameter.value = start
        if sample.name == "Embedding" { continue }  // its padding row does not learn
        let slope = (gradients[named.path]! * direction).sum().item()
        XCTAssertEqual(
          slope, difference, accuracy: 1e-6 * max(1, abs(difference)),
          "\(sample.name): \(named.path)")
      }
    }
  }

  func testEveryLayerSurvivesARoundTripOfItsState() throws {
    for sample in LayerCatalog.all {
      let first = layer(sample)
      let x = input(sample)
      _ = output(first, x)
      let second = withRandomGenerator(RandomGenerator(seed: 99), sample.make)
      try second.load(first.state())
      XCTAssertTrue(output(second, x).isIdentical(to: output(first, x)), sample.name)
      first.evaluate()
      second.evaluate()
      XCTAssertTrue(second(x).isIdentical(to: first(x)), sample.name)
      XCTAssertThrowsError(try second.load(["stranger": Tensor(1.0)]), sample.name)
    }
  }

  func testEveryLayerNamesItsParametersOnce() {
    for sample in LayerCatalog.all {
      let paths = sample.make().parameters.map(\.path)
      XCTAssertEqual(Set(paths).count, paths.count, sample.name)
      XCTAssertEqual(paths.filter { $0.contains("$") || $0.contains("..") }, [], sample.name)
    }
  }

  func testEveryLayerIsDeterministicInEvaluation() {
    for sample in LayerCatalog.all {
      let layer = layer(sample)
      let x = input(sample)
      layer.evaluate()
      let state = layer.state()
      XCTAssertTrue(layer(x).isIdentical(to: layer(x)), sample.name)
      for (path, value) in layer.state() {
        XCTAssertTrue(value.isIdentical(to: state[path]!), "\(sample.name) changed \(path)")
      }
      layer.train()
      XCTAssertTrue(layer.isTraining, sample.name)
    }
  }

  func testEveryLayerConvertsToEveryDType() {
    for sample in LayerCatalog.all {
      let exact = output(layer(sample, .float64), input(sample, .float64))
      for dtype in [DType.float32, .float16, .bfloat16] {
        let layer = layer(sample, dtype)
        let got = output(layer, input(sample, dtype))
        XCTAssertEqual(got.dtype, dtype, sample.name)
        XCTAssertEqual(got.shape, exact.shape, sample.name)
        for named in layer.parameters { XCTAssertEqual(named.parameter.value.dtype, dtype) }
        let largest = max(1, exact.abs().max().item())
        let distance = (got.cast(to: .float64) - exact).abs().max().item()
        // Normalizing layers in bfloat16 divide by small deviations of rounded inputs.
        XCTAssertLessThan(
          distance, 40 * dtype.machineEpsilon * largest, "\(sample.name) in \(dtype)")
      }
    }
  }

  func testEveryLayerStartsAsPyTorchs() throws {
    let file = try FixtureFile("parity")
    let cases = try file.cases("layer")
    XCTAssertGreaterThan(cases.count, 15)
    let names = [
      "in_proj_weight": "inProjectionWeight", "in_proj_bias": "inProjectionBias",
      "out_proj.weight": "outProjection.weight", "out_proj.bias": "outProjection.bias",
      "running_mean": "runningMean", "running_var": "runningVariance",
      "num_batches_tracked": "batchCount",
    ]
    for parity in cases {
      let seed = UInt64(parity.attributes["seed"]!.int)
      let made = withRandomGenerator(RandomGenerator(mersenneTwister: seed)) { make(parity) }
      let state = try XCTUnwrap(made, parity.name).state()
      XCTAssertEqual(state.count, parity.tensors.count, parity.name)
      for path in parity.tensors.keys {
        let expected = try XCTUnwrap(file.tensor(path, of: parity))
        let got = try XCTUnwrap(state[names[path] ?? path], "\(parity.name).\(path)")
        let label = "\(parity.name) from seed \(seed): \(path)"
        if parity.name == "Embedding" {
          XCTAssertNil(mismatch(got, expected), label)
        } else {
          XCTAssertTrue(got.isIdentical(to: expected), label)
        }
      }
    }
  }

  private func make(_ parity: ParityCase) -> (any Module<Tensor, Tensor>)? {
    func int(_ name: String) -> Int { parity.attributes[name]?.int ?? 1 }
    func ints(_ name: String) -> [Int] { parity.attributes[name]?.ints ?? [] }
    let kernel = ints("kernel")
    func size() -> Size2 { Size2(kernel[0], kernel[1]) }
    let bias = parity.attributes["bias"]?.flag ?? true
    switch parity.name {
    case "Linear": return Linear(int("inputs"), int("outputs"), bias: bias)
    case "Conv1d": return Conv1d(int("inputs"), int("outputs"), kernelSize: kernel[0])
    case "Conv2d":
      return Conv2d(int("inputs"), int("outputs"), kernelSize: size(), groups: int("groups"))
    case "ConvTranspose2d":
      return ConvTranspose2d(int("inputs"), int("outputs"), kernelSize: size())
    case "Embedding": return Embedding(int("count"), int("width"))
    case "MultiHeadAttention": return MultiHeadAttention(int("width"), heads: int("heads"))
    case "LayerNorm": return LayerNorm(Shape(ints("shape")))
    case "RMSNorm": return RMSNorm(ints("shape")[0])
    case "BatchNorm2d", "BatchNorm": return BatchNorm(int("channels"))
    case "GroupNorm": return GroupNorm(groups: int("groups"), int("channels"))
    case "PReLU": return PReLU(int("count"))
    case "Sequential":
      return Sequential {
        Linear(4, 8); ReLU(); Linear(8, 3)
      }
    default: return nil
    }
  }
}

/// What is true of single layers.
final class SingleLayerTests: XCTestCase {
  private func assertClose(
    _ got: Tensor, _ expected: [Double], line: UInt = #line
  ) {
    let close = got.flattened().isClose(
      to: Tensor(expected, dtype: .float64), relative: 1e-6, absolute: 1e-7)
    XCTAssertTrue(close, "\(got.flattened()), expected \(expected)", line: line)
  }

  func testSequentialCountsItsModules() {
    let hasNorm = true
    let model = Sequential {
      Linear(4, 4)
      for width in [4, 4] {
        Residual {
          Linear(4, width); ReLU()
        }
      }
      if hasNorm { LayerNorm(4) }
      if !hasNorm { ReLU() } else { Sigmoid() }
      [Linear(4, 2, bias: false)] as [any Module<Tensor, Tensor>]
    }
    XCTAssertEqual(
      model.parameters.map(\.path),
      [
        "0.weight", "0.bias", "1.body.0.weight", "1.body.0.bias", "2.body.0.weight",
        "2.body.0.bias", "3.weight", "3.bias", "5.weight",
      ])
    XCTAssertEqual(model(Tensor.zeros([3, 4])).shape, [3, 2])
    XCTAssertEqual(Sequential([]).forward(Tensor([1.0])).item(), 1)
  }

  func testAMistakeNamesTheLayer() {
    let model = Sequential {
      Linear(4, 3); ReLU(); Linear(2, 1)
    }
    XCTAssertThrowsError(try validated { model(Tensor.zeros([5, 4])) }) {
      XCTAssertEqual("\($0)", "2: linear: expected […, 2], got [5, 3]")
    }
    let gpt = GPT(vocabulary: 3, context: 2, features: 4, heads: 2, layers: 1)
    XCTAssertThrowsError(try validated { gpt(Tensor.zeros([1, 3], dtype: .int64)) }) {
      XCTAssertEqual(
        "\($0)", "GPT: expected [batch, length] with a length of at most 2, got [1, 3]")
    }
    XCTAssertThrowsError(try validated { gpt(Tensor([[0, 3]])) }) {
      XCTAssertTrue("\($0)".hasPrefix("tokenEmbedding: "), "\($0)")
    }
    XCTAssertThrowsError(try validated { MultiHeadAttention(6, heads: 4) })
    XCTAssertThrowsError(try validated { MultiHeadAttention(4, heads: 2)(Tensor.zeros([3, 4])) })
    XCTAssertThrowsError(try validated { Dropout(1.5) })
    XCTAssertThrowsError(try validated { Embedding(3, 2, paddingIndex: 3) })
  }

  func testThePaddingRowIsZeroAndStays() {
    let embedding = Embedding(3, 2, paddingIndex: 1)
    XCTAssertEqual(embedding.weight.value[1].elements(Float.self), [0, 0])
    let gradients = embedding.gradients(of: embedding(Tensor([1, 2, 1])).sum())
    XCTAssertEqual(gradients["weight"]!.elements(Float.self), [0, 0, 0, 0, 1, 1])
  }

  func testDropoutKeepsTheMeanAndRestsInEvaluation() {
    let layer = Dropout(0.25)
    let x = Tensor.ones([100, 100])
    let y = layer(x)
    XCTAssertEqual(y.mean().item(), 1, accuracy: 0.03)
    XCTAssertEqual((y .== 0).cast(to: .float32).mean().item(), 0.25, accuracy: 0.03)
    layer.evaluate()
    XCTAssertTrue(layer(x).isIdentical(to: x))
    XCTAssertEqual(Dropout(1)(x).abs().max().item(), 0)
  }

  // PyTorch 2.13.
  func testBatchNormAveragesAsPyTorch() {
    let x = Tensor([[1.0, 2], [3, 5], [8, -1]])
    let layer = BatchNorm(2)
    assertClose(
      layer(x),
      [
        -1.0190487428175694, 0, -0.3396829142725232, 1.2247438507721387, 1.3587316570900927,
        -1.2247438507721387,
      ])
    assertClose(layer.runningMean.value, [0.4, 0.2])
    assertClose(layer.runningVariance.value, [2.2, 1.8])
    _ = layer(x * 2)
    assertClose(layer.runningMean.value, [1.16, 0.58])
    assertClose(layer.runningVariance.value, [7.18, 5.22])
    XCTAssertEqual(layer.batchCount.value.item(), 2)
    layer.evaluate()
    assertClose(
      layer(x),
      [
        -0.05971142808720614, 0.6215165202139679, 0.6866814230028702, 1.9345795910885477,
        2.5526635507280613, -0.6915465506606122,
      ])
    let even = BatchNorm(2, momentum: nil)
    for x in [x, x * 2, x + 1] { _ = even(x) }
    assertClose(even.runningMean.value, [17.0 / 3, 3])
    assertClose(even.runningVariance.value, [26, 18])
  }

  func testABadBatchDoesNotReachTheRunningAverages() {
    for momentum in [0.1, nil] {
      let layer = BatchNorm(2, momentum: momentum)
      _ = layer(Tensor([[1.0, 2], [3, 5], [8, -1]]))
      let before = layer.state()
      for poison in [Float.nan, .infinity, -.infinity, 3e38] {
        _ = layer(Tensor([[1, 2], [poison, 5], [-poison, -1]]))
        for (path, value) in layer.state() {
          XCTAssertTrue(value.isIdentical(to: before[path]!), "\(path) after \(poison)")
        }
      }
    }
  }

  func testBatchNormNeedsTwoValues() {
    let layer = BatchNorm(3)
    XCTAssertThrowsError(try validated { layer(Tensor.zeros([1, 3])) })
    XCTAssertThrowsError(try validated { layer(Tensor.zeros([4, 2])) })
    XCTAssertEqual(layer.batchCount.value.item(), 0)
    layer.evaluate()
    XCTAssertNoThrow(try validated { layer(Tensor.zeros([1, 3])) })
  }

  // PyTorch 2.13, `MultiheadAttention(4, 2, batch_first=True)` from seed 0.
  func testMultiHeadAttentionIsPyTorchs() {
    let layer = withRandomGenerator(RandomGenerator(mersenneTwister: 0)) {
      MultiHeadAttention(4, heads: 2)
    }
    layer.convert(to: .float64)
    let x = (Tensor.range(0, 12).reshaped([1, 3, 4]).cast(to: .float64) / 4 - 1)
    assertClose(
      layer(x),
      [
        -0.23003093972636013, 0.06494606046838601, -0.0828977593434018, 0.1516460299527125,
        -0.18177488836440342, -0.10829854131774076, -0.09403140126052811, 0.2566959521095402,
        -0.15453171598109042, -0.2492330024499002, -0.10806187290411443, 0.34389150909411387,
      ])
    let mask = Tensor([[true, false, true], [true, true, false]])
    assertClose(
      layer(query: x[.all, ..<2] * 0.5, key: x, value: x, mask: mask),
      [
        -0.2225625815207753, 0.04247911064666671, -0.08384054110831904, 0.1650942085825352,
        0.10405548217435512, -0.016145032145258004, 0.04084694005975744, 0.15576489562667575,
      ])
  }

  func testACausalBlockSeesNoFuture() {
    let model = GPT(vocabulary: 7, context: 6, features: 8, heads: 2, layers: 2, dropout: 0.1)
    model.evaluate()
    let first = model(Tensor([[1, 2, 3, 4, 5]]))
    let second = model(Tensor([[1, 2, 3, 6, 0]]))
    XCTAssertTrue(first[0, ..<3].isClose(to: second[0, ..<3]))
    XCTAssertFalse(first[0, 3].isClose(to: second[0, 3]))
    XCTAssertTrue(first[0, ..<2].isClose(to: model(Tensor([[1, 2]]))[0], absolute: 1e-6))
  }

  func testAnEncoderBlockDoesNotSeePadding() {
    let block = EncoderBlock(8, heads: 2)
    let x = RandomGenerator(seed: 1).normal([2, 4, 8])
    let mask = Tensor([[true, true, true, false], [true, true, false, false]])
    let other = which(mask.expandedDimensions(axis: 2), x, Tensor(9.0))
    let (y, z) = (block(x, mask: mask), block(other, mask: mask))
    XCTAssertTrue(y[0, ..<3].isClose(to: z[0, ..<3], absolute: 1e-6))
    XCTAssertTrue(y[1, ..<2].isClose(to: z[1, ..<2], absolute: 1e-6))
    XCTAssertFalse(y.isClose(to: block(x)))
    XCTAssertThrowsError(try validated { block(x, mask: Tensor([true, false])) })
  }

  func testAGPTFromASeedStartsAsPyTorchs() throws {
    let file = try FixtureFile("parity")
    let parity = try XCTUnwrap(file.cases("training").first { $0.name == "gpt" })
    let model = withRandomGenerator(RandomGenerator(mersenneTwister: 0)) {
      GPT(vocabulary: 65, context: 16, features: 32, heads: 4, layers: 2)
    }
    for named in model.parameters {
      let expected = try XCTUnwrap(file.tensor("initial." + named.path, of: parity), named.path)
      XCTAssertNil(mismatch(named.parameter.value.detached(), expected), named.path)
    }
    XCTAssertEqual(
      model.parameters.count, parity.tensors.keys.count { $0.hasPrefix("initial.") })
  }
}
