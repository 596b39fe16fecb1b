package import TrainingKit

/// A comparison of what a device computes with what the processor does.
package struct DeviceCheck: Sendable {
  package let name: String
  /// What is wrong, in words; nothing where all agrees.
  package let problems: @Sendable (Device) throws -> [String]

  /// Everything that a device is compared in.
  package static var all: [DeviceCheck] {
    operations + layers + losses + random + optimizers + runs
  }

  /// The problems of results that ought to be the same.
  static func problems(
    _ got: [Tensor], _ expected: [Tensor], on device: Device, roundings: Double
  ) -> [String] {
    var problems = zip(got, expected).compactMap { got, expected in
      got.device == device
        ? mismatch(got.to(.cpu), expected, roundings: roundings)
        : "the result lies on \(got.device)"
    }
    if got.count != expected.count {
      problems.append("\(got.count) results, expected \(expected.count)")
    }
    return problems
  }
}

extension DType {
  /// Composed operations round at every step.
  fileprivate var roundings: Double { isWide ? 256 : 24 }
  private var isWide: Bool { self == .float32 || self == .float64 }
}

extension DeviceCheck {
  private static let real: [DType] = [.float64, .float32, .float16, .bfloat16]

  /// Every sample of every operation with its gradients, in every real dtype.
  package static var operations: [DeviceCheck] {
    OperationCatalog.samples.flatMap { sample in
      real.map { dtype in
        DeviceCheck(name: "\(sample.operation), \(sample.label), \(dtype)") { device in
          let arguments = sample.arguments.map {
            $0.dtype.isFloatingPoint ? $0.cast(to: dtype) : $0
          }
          let expected = results(sample, arguments)
          return try withDevice(device) {
            try validated {
              problems(
                results(sample, arguments.map { $0.to(device) }), expected, on: device,
                roundings: dtype.roundings)
            }
          }
        }
      }
    }
  }

  /// The result and the gradients of a sample.
  private static func results(_ sample: OperationSample, _ inputs: [Tensor]) -> [Tensor] {
    guard sample.isDifferentiable else { return [sample.call(inputs)] }
    let tracked = inputs.map { $0.dtype.isFloatingPoint ? $0.tracked() : $0 }
    return withGradients(of: sample.call(tracked), tracked.filter(\.requiresGradient))
  }

  private static func withGradients(of y: Tensor, _ sources: [Tensor]) -> [Tensor] {
    guard y.requiresGradient else { return [y] }
    let slopes = y.pullback(.ones(y.shape, dtype: y.dtype), to: sources, isRecorded: false)
    return [y.detached()] + slopes
  }

  /// Every layer of the catalog with the gradients of its parameters.
  package static var layers: [DeviceCheck] {
    LayerCatalog.all.map { sample in
      DeviceCheck(name: "\(sample.name), layer") { device in
        func results() -> [Tensor] {
          withRandomGenerator(RandomGenerator(seed: 5)) {
            let layer = sample.make()
            let x =
              sample.tokens.map { Tensor.randomIntegers(sample.shape, in: 0..<$0) }
              ?? .randomUniform(sample.shape)
            let y = layer(x)
            let gradients = layer.gradients(of: y.square().sum())
            return [y.detached()] + gradients.paths.map { gradients[$0]! }
          }
        }
        let expected = results()
        return try withDevice(device) {
          try validated { problems(results(), expected, on: device, roundings: 1024) }
        }
      }
    }
  }

  /// Every loss of the catalog with its gradient.
  package static var losses: [DeviceCheck] {
    LossCatalog.all.flatMap { sample in
      [DType.float64, .float32].map { dtype in
        DeviceCheck(name: "\(sample.name), loss, \(dtype)") { device in
          let input = RandomGenerator(seed: 6).uniform(
            sample.shape, in: sample.interval, dtype: .float64
          ).cast(to: dtype)
          func results(_ move: (Tensor) -> Tensor) -> [Tensor] {
            let x = move(input).tracked()
            return withGradients(of: sample(x, move(sample.targets), Reduction<Tensor>.mean), [x])
          }
          let expected = results { $0 }
          return try withDevice(device) {
            try validated {
              problems(results { $0.to(device) }, expected, on: device, roundings: 256)
            }
          }
        }
      }
    }
  }

  /// Random numbers, which are the same to the bit.
  package static var random: [DeviceCheck] {
    let draws: [(String, @Sendable (RandomGenerator, DType) -> Tensor)] = [
      ("uniform", { $0.uniform([1001], in: -2..<3, dtype: $1) }),
      ("normal", { $0.normal([1001], mean: 1, standardDeviation: 2, dtype: $1) }),
      ("integers", { generator, _ in generator.integers([1001], in: -5..<1_000_000_007) }),
      ("permutation", { generator, _ in generator.permutation(1001) }),
      ("bernoulli", { $0.bernoulli([1001], probability: 0.3, value: 2, dtype: $1) }),
      ("dropout", { Tensor.ones([1001], dtype: $1).dropout(0.4, generator: $0) }),
    ]
    return draws.flatMap { name, draw in
      real.map { dtype in
        DeviceCheck(name: "random, \(name), \(dtype)") { device in
          let expected = draw(RandomGenerator(seed: 7), dtype)
          let got = try withDevice(device) {
            try validated { draw(RandomGenerator(seed: 7), dtype).to(.cpu) }
          }
          return got.isIdentical(to: expected) ? [] : ["other numbers"]
        }
      }
    }
  }

  /// Three updates by every optimizer, of weights in every real dtype.
  package static var optimizers: [DeviceCheck] {
    OptimizerCatalog.all.flatMap { entry in
      entry.samples.enumerated().flatMap { number, optimizer in
        real.map { dtype in
          DeviceCheck(name: "\(entry.name) \(number), optimizer, \(dtype)") { device in
            let expected = try weights(after: optimizer, dtype)
            return try withDevice(device) {
              // Muon finds its directions in float32 at most.
              let isNarrow = dtype == .float64 && optimizer is Muon
              return problems(
                try weights(after: optimizer, dtype), expected, on: device,
                roundings: dtype.roundings * (isNarrow ? 0x1p29 : 1))
            }
          }
        }
      }
    }
  }

  private static func weights(
    after optimizer: any Optimizer, _ dtype: DType
  ) throws -> [Tensor] {
    try validated {
      try withRandomGenerator(RandomGenerator(seed: 8)) {
        let model = Linear(9, 5)
        model.convert(to: dtype)
        let x = Tensor.randomNormal([4, 9], dtype: dtype)
        var run = TrainingRun(model: model, optimizer: optimizer, schedule: .constant(0.01))
        for _ in 0..<3 { _ = try run.step { $0(x).square().mean() } }
        return model.parameters.map(\.parameter.value)
      }
    }
  }
}
