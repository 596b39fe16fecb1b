/// Examples drawn at random, each with a probability proportional to its weight.
///
/// - Source: PyTorch's `WeightedRandomSampler`, whose positions it gives from a Mersenne Twister when drawing at least
///   two with replacement. Without replacement: Efraimidis and Spirakis 2006, "Weighted random sampling with a
///   reservoir".
public struct WeightedSampler: Sampler {
  private let weights: [Double]
  private let drawCount: Int
  private let replacement: Bool

  /// Creates a sampler of as many weights as the dataset has examples.
  ///
  /// - Parameters:
  ///   - weights: need not sum to 1; an example of weight 0 is never drawn.
  ///   - count: how many examples an epoch draws; as many as there are weights unless given.
  ///   - replacement: whether an example can be drawn again in the same epoch.
  /// - Errors: traps when a weight is negative or not finite, when none is above 0, when the count is below 1, and
  ///   when without replacement it is above the number of weights that are not 0.
  public init(_ weights: [Double], count: Int? = nil, replacement: Bool = true) {
    let wanted = count ?? weights.count
    let mistake = WeightedSampler.mistake(weights, wanted, replacement)
    if let mistake { Context.current.fail(mistake) }
    (self.weights, drawCount) = mistake == nil ? (weights, wanted) : ([], 0)
    self.replacement = replacement
  }

  private static func mistake(
    _ weights: [Double], _ count: Int, _ replacement: Bool
  ) -> TensorError? {
    func error(_ expected: String, _ got: Any) -> TensorError {
      .argument("WeightedSampler", expected: expected, got: got)
    }
    if let stray = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      return error("finite weights of 0 or more", "\(weights[stray]) at \(stray)")
    }
    let drawable = weights.count { $0 > 0 }
    if drawable == 0 { return error("a weight above 0", "none of \(weights.count)") }
    if count < 1 { return error("a count of 1 or more", count) }
    if !replacement, count > drawable {
      return error("a count of at most \(drawable), the weights above 0", count)
    }
    return nil
  }

  /// How many examples an epoch draws.
  public func count(of examples: Int) -> Int { drawCount }

  /// The positions that were drawn, in the order in which they were.
  ///
  /// - Errors: traps when there are not as many examples as weights.
  public func positions(of examples: Int, epoch: Int, generator: RandomGenerator) -> [Int] {
    guard examples == weights.count else {
      Context.current.fail(
        TensorError.argument(
          "WeightedSampler", expected: "\(weights.count) examples, one for each weight",
          got: examples))
      return []
    }
    return replacement ? drawn(from: generator) : chosen(by: generator)
  }

  private func drawn(from generator: RandomGenerator) -> [Int] {
    // Weights up to the largest of all numbers must not sum to infinity.
    let largest = weights.max() ?? 1
    var total = 0.0
    let sums = weights.map { weight in
      total += weight / largest
      return total
    }
    // Rounding may bring a draw up to the total, where nothing lies.
    let last = weights.lastIndex { $0 > 0 } ?? 0
    let draws = generator.uniform([drawCount], dtype: .float64).elements(Double.self)
    return draws.map { draw in min(last, sums.partitioningIndex { $0 > draw * total }) }
  }

  /// The examples that come first when each waits a time of which the weight is the rate.
  private func chosen(by generator: RandomGenerator) -> [Int] {
    let candidates = weights.indices.filter { weights[$0] > 0 }
    let draws = generator.uniform([candidates.count], dtype: .float64)
    let rates = Tensor(candidates.map { weights[$0] }, dtype: .float64)
    let times = -(1 - draws).log() / rates
    return times.argsort().elements(Int.self).prefix(drawCount).map { candidates[$0] }
  }
}

extension Sampler where Self == WeightedSampler {
  /// Examples drawn at random, each with a probability proportional to its weight.
  ///
  /// - Errors: those of ``WeightedSampler/init(_:count:replacement:)``.
  public static func weighted(
    _ weights: [Double], count: Int? = nil, replacement: Bool = true
  ) -> WeightedSampler {
    WeightedSampler(weights, count: count, replacement: replacement)
  }

  /// Examples drawn at random with replacement so that every class comes equally often.
  ///
  /// - Parameters:
  ///   - classes: the class of each example.
  ///   - count: how many examples an epoch draws; as many as there are examples unless given.
  /// - Errors: traps when there are no examples, or when the count is below 1.
  public static func balanced(_ classes: [Int], count: Int? = nil) -> WeightedSampler {
    let sizes = classes.reduce(into: [:]) { $0[$1, default: 0.0] += 1 }
    return WeightedSampler(classes.map { 1 / sizes[$0, default: 1] }, count: count)
  }
}
