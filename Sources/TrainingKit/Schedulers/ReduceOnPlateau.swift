/// Lowers learning rates when a metric has stopped getting better.
///
///     var plateau = ReduceOnPlateau(factor: 0.1, patience: 3)
///     for epoch in 0..<epochs {
///       run.schedule = schedule.scaled(by: plateau.scale)
///       …
///       if plateau.observe(validationLoss) == .reduced { print("slower") }
///     }
///
/// It is a value that holds a factor, and what it has seen so far; saved and read again, it goes on from there. It is
/// PyTorch's `ReduceLROnPlateau`, but for two cases. A metric that is NaN or infinite says nothing and counts
/// nowhere. And a relative threshold is a share of the best metric's magnitude, so that a metric below zero has to get
/// better too.
public struct ReduceOnPlateau: Sendable, Hashable {
  /// Which metrics are good.
  public enum Goal: String, Sendable, Hashable, Codable {
    /// Low ones, such as losses.
    case lowest
    /// High ones, such as accuracies.
    case highest
  }

  /// How far a metric must be beyond the best one to be better.
  public enum Threshold: Sendable, Hashable, Codable {
    /// A share of the magnitude of the best one.
    case relative(Double)
    /// A distance, in units of the metric.
    case absolute(Double)
  }

  /// What a metric showed.
  public enum Verdict: Sendable, Hashable {
    /// It is the best so far.
    case improved
    /// It is not, and patience or a cooldown lasts, or the scale is at its minimum.
    case waited
    /// It is not, and patience is over: the scale is lower now.
    case reduced
    /// It is NaN or infinite.
    case ignored
  }

  /// Which metrics are good.
  public let goal: Goal
  /// What the scale is multiplied by.
  public let factor: Double
  /// How many metrics in a row may be no better.
  public let patience: Int
  /// How far a metric must be beyond the best one to be better.
  public let threshold: Threshold
  /// How many metrics after a reduction are not counted as bad.
  public let cooldown: Int
  /// The least scale.
  public let minimum: Double

  /// What learning rates are to be multiplied by; 1 at first.
  public private(set) var scale = 1.0
  /// The best metric so far; nil before the first.
  public private(set) var best: Double?
  /// How many metrics in a row have been no better.
  public private(set) var badCount = 0
  /// How many metrics the cooldown lasts yet.
  public private(set) var coolingCount = 0

  /// Creates the rule, before the first metric.
  ///
  /// - Parameter minimum: the least scale; PyTorch's least learning rate divided by the initial one.
  /// - Errors: traps when a number is out of its range.
  public init(
    _ goal: Goal = .lowest, factor: Double = 0.1, patience: Int = 10,
    threshold: Threshold = .relative(1e-4), cooldown: Int = 0, minimum: Double = 0
  ) {
    self.goal = goal
    self.factor = factor
    self.patience = patience
    self.threshold = threshold
    self.cooldown = cooldown
    self.minimum = minimum
    if let mistake { Context.current.fail(mistake) }
  }
}

extension ReduceOnPlateau {
  /// Takes note of a metric, and lowers the scale when too many in a row were no better.
  @discardableResult
  public mutating func observe(_ metric: Double) -> Verdict {
    guard metric.isFinite else { return .ignored }
    let isImproved = isBetter(metric)
    if isImproved { best = metric }
    badCount = isImproved || coolingCount > 0 ? 0 : badCount + 1
    coolingCount = max(0, coolingCount - 1)
    if badCount > patience { return reduce() }
    return isImproved ? .improved : .waited
  }

  private func isBetter(_ metric: Double) -> Bool {
    guard let best else { return true }
    let sign: Double = goal == .lowest ? -1 : 1
    let bound =
      switch threshold {
      case .relative(let share): best * (1 + sign * (best < 0 ? -share : share))
      case .absolute(let distance): best + sign * distance
      }
    return goal == .lowest ? metric < bound : metric > bound
  }

  private mutating func reduce() -> Verdict {
    (badCount, coolingCount) = (0, cooldown)
    let lower = max(scale * factor, minimum)
    guard lower < scale else { return .waited }
    scale = lower
    return .reduced
  }
}

extension ReduceOnPlateau: Codable {
  /// Reads a rule and what it has seen.
  ///
  /// - Errors: `DecodingError` for numbers that no rule may have.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    goal = try container.decode(Goal.self, forKey: .goal)
    factor = try container.decode(Double.self, forKey: .factor)
    patience = try container.decode(Int.self, forKey: .patience)
    threshold = try container.decode(Threshold.self, forKey: .threshold)
    cooldown = try container.decode(Int.self, forKey: .cooldown)
    minimum = try container.decode(Double.self, forKey: .minimum)
    scale = try container.decode(Double.self, forKey: .scale)
    best = try container.decodeIfPresent(Double.self, forKey: .best)
    badCount = try container.decode(Int.self, forKey: .badCount)
    coolingCount = try container.decode(Int.self, forKey: .coolingCount)
    if let mistake {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: mistake.description))
    }
  }

  /// What is wrong with the numbers, or nil.
  private var mistake: TensorError? {
    func outside(_ isInside: Bool, _ expected: String, _ got: Any) -> TensorError? {
      isInside ? nil : .argument("ReduceOnPlateau", expected: expected, got: got)
    }
    return outside(factor > 0 && factor < 1, "a factor above 0 and below 1", factor)
      ?? outside(patience >= 0, "a patience of 0 or more", patience)
      ?? outside(cooldown >= 0, "a cooldown of 0 or more", cooldown)
      ?? outside((0..<1).contains(minimum), "a minimum from 0 to below 1", minimum)
      ?? outside(threshold.isValid, "a threshold of 0 or more, relative below 1", threshold)
      ?? outside(scale >= minimum && scale <= 1, "a scale from \(minimum) to 1", scale)
      ?? outside(best?.isFinite ?? true, "a best metric that is finite", best ?? .nan)
      ?? outside((0...patience).contains(badCount), "0 to \(patience) bad metrics", badCount)
      ?? outside(
        (0...cooldown).contains(coolingCount), "a rest of 0 to \(cooldown)", coolingCount)
  }
}

extension ReduceOnPlateau.Threshold {
  fileprivate var isValid: Bool {
    switch self {
    case .relative(let share): (0..<1).contains(share)
    case .absolute(let distance): distance >= 0 && distance.isFinite
    }
  }
}
