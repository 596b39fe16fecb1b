internal import CTrainingKernels

/// A source of random numbers that a seed determines.
///
///     let generator = RandomGenerator(seed: 7)
///     let noise = generator.normal([2, 3])
///
/// It may be shared between threads; what each of them draws then depends on who comes first.
///
/// - Source: Philox 4x32-10, Salmon et al. 2011; Mersenne Twister 19937, Matsumoto and Nishimura
///   1998.
public final class RandomGenerator: Sendable {
  private let stream: Monitor<RandomStream>

  /// A Philox generator: the same numbers on every device and for every number of threads.
  public convenience init(seed: UInt64) { self.init(RandomState(seed: seed)) }

  /// A Mersenne Twister, which draws what PyTorch's generator of the same seed draws on the
  /// processor.
  ///
  /// - Numerics: the streams of `uniform`, `normal`, `integers` and `permutation` are PyTorch's;
  ///   `bernoulli` is not.
  public convenience init(mersenneTwister seed: UInt64) {
    self.init(RandomState(mersenneTwister: seed))
  }

  /// A generator that goes on from where another stood.
  public init(_ state: RandomState) { stream = Monitor(RandomStream(state)) }

  /// Where the generator stands; setting it makes the generator go on from there.
  public var state: RandomState {
    get { stream.withLock { $0.state } }
    set { stream.withLock { $0 = RandomStream(newValue) } }
  }
}

extension RandomGenerator {
  /// Moves a Philox stream on by as many places as drawing would, and gives where it stood; nil for another stream.
  func moveOn(by places: UInt64) -> RandomState? {
    stream.withLock { stream in
      guard case .philox(var generator) = stream else { return nil }
      defer {
        generator.position &+= places
        stream = .philox(generator)
      }
      return stream.state
    }
  }
}

extension RandomGenerator {
  /// Real numbers from `bounds.lowerBound` to before `bounds.upperBound`, all equally likely.
  ///
  /// - Numerics: 24 random bits each, 53 in float64.
  public func uniform(
    _ shape: Shape, in bounds: Range<Double> = 0..<1, dtype: DType = .float32
  ) -> Tensor {
    let (lower, upper) = (bounds.lowerBound, bounds.upperBound)
    guard (upper - lower).isFinite else {
      return failed("randomUniform", "finite bounds", bounds, shape, dtype)
    }
    let distribution = Distribution.uniform(lower: lower, upper: upper)
    return drawn(distribution, "randomUniform", shape, dtype) { generator, memory in
      tk_mersenne_uniform(generator, dtype.kernel, lower, upper, memory, Int64(shape.count))
    }
  }

  /// Real numbers from a normal distribution.
  public func normal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32
  ) -> Tensor {
    guard standardDeviation >= 0 else {
      return failed(
        "randomNormal", "a standard deviation of 0 or more", standardDeviation, shape, dtype)
    }
    let distribution = Distribution.normal(mean: mean, deviation: standardDeviation)
    return drawn(distribution, "randomNormal", shape, dtype) { generator, memory in
      tk_mersenne_normal(
        generator, dtype.kernel, mean, standardDeviation, memory, Int64(shape.count))
    }
  }

  /// Whole numbers of a range, all equally likely; int64.
  public func integers(_ shape: Shape, in bounds: Range<Int>) -> Tensor {
    guard !bounds.isEmpty else {
      return failed("randomIntegers", "a range that is not empty", bounds, shape, .int64)
    }
    let (lower, upper) = (bounds.lowerBound, bounds.upperBound)
    let distribution = Distribution.integer(lower: lower, upper: upper)
    return drawn(distribution, "randomIntegers", shape, .int64) { generator, memory in
      let memory = memory.assumingMemoryBound(to: Int64.self)
      tk_mersenne_integer(generator, Int64(lower), Int64(upper), memory, Int64(shape.count))
    }
  }

  /// The numbers of `0 ..< count` in random order; int64.
  public func permutation(_ count: Int) -> Tensor {
    guard count >= 0 else {
      return failed("randomPermutation", "a count of 0 or more", count, [0], .int64)
    }
    guard isMersenneTwister else { return uniform([count], dtype: .float64).argsort() }
    Context.current.backend.willDraw(from: self, isCounted: false)
    return Tensor.written("randomPermutation", [count], .int64) { memory in
      let memory = memory.assumingMemoryBound(to: Int64.self)
      _ = stream.withLock {
        $0.draw(words: 0) { tk_mersenne_permutation($0, memory, Int64(count)) }
      }
    }
  }

  /// `value` with the given probability, and 0 otherwise.
  public func bernoulli(
    _ shape: Shape, probability: Double, value: Double = 1, dtype: DType = .float32
  ) -> Tensor {
    guard (0...1).contains(probability) else {
      return failed("randomBernoulli", "a probability in 0 ... 1", probability, shape, dtype)
    }
    if isMersenneTwister {
      return (uniform(shape, dtype: .float64) .< probability).cast(to: dtype) * value
    }
    let distribution = Distribution.bernoulli(probability: probability, value: value)
    return drawn(distribution, "randomBernoulli", shape, dtype) { _, _ in }
  }

  /// `value` with the given probability, and 0 otherwise, so many of them later; nil for the Mersenne Twister, whose
  /// numbers come once.
  func deferredBernoulli(_ count: Int, probability: Double, value: Double) -> DeferredNumbers? {
    let distribution = Distribution.bernoulli(probability: probability, value: value)
    let words = distribution.words(for: .float32) * count
    Context.current.backend.willDraw(from: self, isCounted: !isMersenneTwister)
    let start = stream.withLock { stream -> tk_philox? in
      guard case .philox(let start) = stream else { return nil }
      // Nothing is drawn on paper.
      return Context.current.backend.isPaper ? start : stream.draw(words: words) { _ in }
    }
    return start.map { DeferredNumbers(probability: probability, value: value, from: $0) }
  }

  private var isMersenneTwister: Bool {
    stream.withLock { if case .mersenneTwister = $0 { true } else { false } }
  }

  /// A tensor filled by `fill` from the Mersenne Twister, or by the device from the Philox stream.
  private func drawn(
    _ distribution: Distribution, _ name: String, _ shape: Shape, _ dtype: DType,
    _ fill: (UnsafeMutablePointer<tk_mersenne>, UnsafeMutableRawPointer) -> Void
  ) -> Tensor {
    guard dtype == .int64 || dtype.isFloatingPoint else {
      Context.current.fail(
        TensorError.dtype(name, expected: "a floating-point dtype", got: dtype))
      return .hollow(shape, dtype)
    }
    Context.current.backend.willDraw(from: self, isCounted: !isMersenneTwister)
    if isMersenneTwister {
      return Tensor.written(name, shape, dtype) { memory in
        _ = stream.withLock { $0.draw(words: 0) { fill($0, memory) } }
      }
    }
    return Tensor.fresh(name, shape, dtype) { (tensor, backend) throws(DeviceFault) in
      let words = distribution.words(for: dtype) * tensor.count
      let philox = stream.withLock { $0.draw(words: words) { _ in } }
      if let philox { try backend.random(distribution, philox, into: tensor) }
    }
  }

  private func failed(
    _ name: String, _ expected: String, _ got: Any, _ shape: Shape, _ dtype: DType
  ) -> Tensor {
    Context.current.fail(TensorError.argument(name, expected: expected, got: got))
    return .hollow(shape, dtype)
  }
}

extension Distribution {
  /// The 32-bit words of a stream that an element takes.
  fileprivate func words(for dtype: DType) -> Int {
    switch self {
    case .uniform: dtype == .float64 ? 2 : 1
    case .normal: dtype == .float64 ? 4 : 2
    case .integer: 2
    case .bernoulli: 1
    }
  }
}
