/// What a clipping by history remembers of the norms of earlier gradients. Norms that are not finite never enter.
public struct ClippingHistory: Sendable, Hashable {
  /// How many norms have entered.
  public private(set) var count = 0
  /// The norms of a percentile's window, or of the steps before a z-score starts, in the order of their arrival.
  public private(set) var norms: [Double] = []
  /// The running mean of a z-score; 0 before it starts.
  public private(set) var mean = 0.0
  /// The running variance of a z-score; 0 before it starts.
  public private(set) var variance = 0.0
  private var sorted: [Double] = []

  /// Creates the history of a run that has not begun.
  public init() {}
}

extension ClippingHistory: Codable {
  private enum CodingKeys: CodingKey { case count, norms, mean, variance }

  /// Reads a history.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    count = try values.decode(Int.self, forKey: .count)
    norms = try values.decode([Double].self, forKey: .norms)
    mean = try values.decode(Double.self, forKey: .mean)
    variance = try values.decode(Double.self, forKey: .variance)
    sorted = norms.sorted()
  }
}

/// How far above the mean of earlier norms a norm may be.
struct ZScoreRule: Sendable {
  let threshold, decay: Double
  let warmup: Int
  let maximum: Double
}

extension ClippingHistory {
  /// The largest norm that the rule allows now, and the history after a gradient of this norm.
  mutating func limit(_ norm: Double, by rule: ZScoreRule) -> Double {
    count += 1
    guard count > rule.warmup else {
      norms.append(norm)
      if count == rule.warmup { start() }
      return rule.maximum
    }
    let deviation = variance.squareRoot()
    let score = (norm - mean) / (deviation + 1e-6)
    let isSpike = score > rule.threshold
    let limit = isSpike ? mean + rule.threshold * deviation * rule.threshold / score : .infinity
    let kept = min(norm, limit)
    mean = rule.decay * mean + (1 - rule.decay) * kept
    let distance = kept - mean
    variance = rule.decay * variance + (1 - rule.decay) * distance * distance
    return min(limit, rule.maximum)
  }

  private mutating func start() {
    mean = norms.reduce(0, +) / Double(norms.count)
    variance = norms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(norms.count)
    norms = []
  }

  /// The percentile of the norms in the window, this one among them.
  mutating func percentile(_ percentile: Double, of window: Int?, with norm: Double) -> Double {
    count += 1
    norms.append(norm)
    sorted.insert(norm, at: position(of: norm))
    if let window, norms.count > window { sorted.remove(at: position(of: norms.removeFirst())) }
    let place = percentile / 100 * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }

  /// The first place in the sorted norms that is not below this one.
  private func position(of norm: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < norm { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
