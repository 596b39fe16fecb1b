extension WeightAverage {
  /// What becomes of buffers, such as the running statistics of batch normalization.
  public enum BufferPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// The latest values are taken over.
    case copy
    /// They are averaged as parameters are; those of integers and bools are taken over.
    case average
    /// They are no part of the average; the model keeps its own.
    case skip
  }

  /// How the decay of an exponential average grows, so that early weights do not stay in it for too long.
  ///
  /// The first weights are always taken over; n counts the updates before.
  public enum DecayWarmup: Sendable, Hashable, Codable {
    /// Not at all, as PyTorch's `AveragedModel`.
    case none
    /// (1 + n) / (10 + n), while that is smaller: TensorFlow's and diffusers'.
    case ramp
    /// 1 − (1 + n / scale)^(−exponent), while that is smaller: that of timm's third version.
    case power(scale: Double = 1, exponent: Double = 2.0 / 3)
    /// The average of all weights so far by their share in an endless average; optax's, which is Adam's correction.
    case biasCorrected
  }

  /// How much each weight counts.
  public enum Rule: Sendable, Hashable, Codable {
    /// The later, the more: every update keeps `decay` of the average.
    case exponential(decay: Double, warmup: DecayWarmup)
    /// All the same.
    case mean
  }

  /// What decides how an average moves.
  public struct Settings: Sendable, Hashable, Codable {
    /// How much each weight counts.
    public let rule: Rule
    /// The weights of every so many applied steps are taken.
    public let interval: Int
    /// How many applied steps are let pass before.
    public let start: Int
    /// What becomes of buffers.
    public let buffers: BufferPolicy
  }
}

extension WeightAverage {
  /// An exponential moving average (EMA): average ← decay · average + (1 − decay) · weights.
  ///
  /// - Parameters:
  ///   - interval: the weights of every so many applied steps are taken.
  ///   - start: how many applied steps are let pass before.
  /// - Errors: traps unless the decay is from 0 to below 1, the interval 1 or more and the start 0 or more.
  /// - Source: Polyak and Juditsky 1992; the form of Tarvainen and Valpola 2017, arXiv:1703.01780.
  public static func exponential(
    decay: Double = 0.999, warmup: DecayWarmup = .none, every interval: Int = 1,
    after start: Int = 0, buffers: BufferPolicy = .copy
  ) -> WeightAverage {
    checked(.exponential(decay: decay, warmup: warmup), interval, start, buffers)
  }

  /// An exponential moving average in which weights of `halfLife` applied steps ago count half of what the latest do.
  ///
  /// - Errors: traps unless the half-life is above 0; and as ``exponential(decay:warmup:every:after:buffers:)``.
  public static func exponential(
    halfLife: Double, warmup: DecayWarmup = .none, every interval: Int = 1, after start: Int = 0,
    buffers: BufferPolicy = .copy
  ) -> WeightAverage {
    _ = NumberRange.positive.check(halfLife, "a half-life", of: "WeightAverage")
    let decay = power(0.5, Double(interval) / halfLife)
    return exponential(
      decay: decay, warmup: warmup, every: interval, after: start, buffers: buffers)
  }

  /// Stochastic weight averaging (SWA): the mean of all weights that are taken.
  ///
  /// Let training come near its end first (`start`), and go on at a learning rate that does not fall
  /// (`Schedule.annealed`). Where a model has batch normalization, follow with `recalibrateBatchNorm` under the
  /// averaged weights.
  ///
  /// - Parameters:
  ///   - interval: the weights of every so many applied steps are taken, such as the steps of an epoch.
  ///   - start: how many applied steps are let pass before.
  /// - Errors: traps unless the interval is 1 or more and the start 0 or more.
  /// - Source: Izmailov et al. 2018, algorithm 1, arXiv:1803.05407.
  public static func stochastic(
    every interval: Int, after start: Int = 0, buffers: BufferPolicy = .copy
  ) -> WeightAverage {
    checked(.mean, interval, start, buffers)
  }

  private static func checked(
    _ rule: Rule, _ interval: Int, _ start: Int, _ buffers: BufferPolicy
  ) -> WeightAverage {
    let settings = Settings(rule: rule, interval: interval, start: start, buffers: buffers)
    if let mistake = settings.mistake { Context.current.fail(mistake) }
    return WeightAverage(settings)
  }
}

extension WeightAverage.Rule {
  /// The share of new weights in the average, by the number of updates before; all of it for the first.
  package func share(ofUpdate n: Int) -> Double {
    let count = Double(n)
    switch self {
    case .mean: return 1 / (count + 1)
    case .exponential(let decay, .biasCorrected): return (1 - decay) / (1 - power(decay, n + 1))
    case _ where n == 0: return 1
    case .exponential(let decay, .none): return 1 - decay
    case .exponential(let decay, .ramp): return 1 - min(decay, (1 + count) / (10 + count))
    case .exponential(let decay, .power(let scale, let exponent)):
      return max(1 - decay, power(1 + count / scale, -exponent))
    }
  }
}

extension WeightAverage.Settings {
  private enum CodingKeys: CodingKey { case rule, interval, start, buffers }

  /// Reads settings.
  ///
  /// - Errors: `DecodingError` for numbers that no average may have.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    rule = try container.decode(WeightAverage.Rule.self, forKey: .rule)
    interval = try container.decode(Int.self, forKey: .interval)
    start = try container.decode(Int.self, forKey: .start)
    buffers = try container.decode(WeightAverage.BufferPolicy.self, forKey: .buffers)
    if let mistake {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: mistake.description))
    }
  }

  /// What is wrong with the numbers, or nil.
  fileprivate var mistake: TensorError? {
    let owner = "WeightAverage"
    if interval < 1 {
      return .argument(owner, expected: "an interval of 1 step or more", got: interval)
    }
    if start < 0 { return .argument(owner, expected: "a start of 0 or later", got: start) }
    guard case .exponential(let decay, let warmup) = rule else { return nil }
    if let mistake = NumberRange.fraction.mistake(decay, "a decay", of: owner) { return mistake }
    guard case .power(let scale, let exponent) = warmup else { return nil }
    return NumberRange.positive.mistake(scale, "a scale", of: owner)
      ?? NumberRange.positive.mistake(exponent, "an exponent", of: owner)
  }
}
