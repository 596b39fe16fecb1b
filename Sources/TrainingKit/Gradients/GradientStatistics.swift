/// What a gradient's elements say about it.
public struct GradientStatistics: Sendable, Hashable {
  /// The root of the sum of squares; infinite or NaN when an element is.
  ///
  /// - Numerics: in double, and scaled where squares would overflow: finite elements have a finite norm, the largest
  ///   finite number where it is beyond that.
  public let norm: Double
  /// The largest magnitude of a finite element; 0 where there is none.
  public let largest: Double
  /// How many elements are NaN or infinite.
  public let nonFiniteCount: Int
  /// How many elements are exactly 0.
  public let zeroCount: Int
  /// How many elements there are.
  public let count: Int

  /// The root of the mean of squares; 0 without elements.
  public var rms: Double { count == 0 ? 0 : norm / Double(count).squareRoot() }
  /// Whether all elements are finite.
  public var isFinite: Bool { nonFiniteCount == 0 }
}

extension GradientStatistics {
  /// The statistics of all parts together.
  init(joining parts: some Collection<GradientStatistics>) {
    self.init(
      norm: joinedNorm(parts.map(\.norm), p: 2),
      largest: parts.map(\.largest).max() ?? 0,
      nonFiniteCount: parts.reduce(0) { $0 + $1.nonFiniteCount },
      zeroCount: parts.reduce(0) { $0 + $1.zeroCount }, count: parts.reduce(0) { $0 + $1.count })
  }
}

extension GradientStatistics {
  /// The statistics of the elements times a factor.
  func multiplied(by factor: Double) -> GradientStatistics {
    factor == 1
      ? self
      : GradientStatistics(
        norm: norm * abs(factor), largest: largest * abs(factor), nonFiniteCount: nonFiniteCount,
        zeroCount: zeroCount, count: count)
  }
}

extension GradientStatistics: Codable {
  private enum CodingKeys: CodingKey { case norm, largest, nonFiniteCount, zeroCount, count }

  /// Reads statistics.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      norm: try values.decodeNumber(forKey: .norm),
      largest: try values.decode(Double.self, forKey: .largest),
      nonFiniteCount: try values.decode(Int.self, forKey: .nonFiniteCount),
      zeroCount: try values.decode(Int.self, forKey: .zeroCount),
      count: try values.decode(Int.self, forKey: .count))
  }

  /// Writes the statistics; a norm that is not finite becomes text, as JSON has no number for it.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeNumber(norm, forKey: .norm)
    try values.encode(largest, forKey: .largest)
    try values.encode(nonFiniteCount, forKey: .nonFiniteCount)
    try values.encode(zeroCount, forKey: .zeroCount)
    try values.encode(count, forKey: .count)
  }
}

extension KeyedEncodingContainer {
  fileprivate mutating func encodeNumber(_ number: Double, forKey key: Key) throws {
    if number.isFinite {
      try encode(number, forKey: key)
    } else {
      try encode("\(number)", forKey: key)
    }
  }
}

extension KeyedDecodingContainer {
  fileprivate func decodeNumber(forKey key: Key) throws -> Double {
    if let number = try? decode(Double.self, forKey: key) { return number }
    guard let number = Double(try decode(String.self, forKey: key)) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "expected a number")
    }
    return number
  }
}

extension Gradients {
  /// The statistics of all gradients, of each and together.
  public struct Statistics: Sendable, Hashable, Codable {
    /// Those of all gradients as one.
    public let global: GradientStatistics
    /// The paths that have a gradient, in the order of the model's parameters.
    public let paths: [String]
    private let each: [String: GradientStatistics]

    init(paths: [String], each: [String: GradientStatistics]) {
      self.paths = paths
      self.each = each
      global = GradientStatistics(joining: paths.map { each[$0]! })
    }

    /// Those of the gradient of a parameter; nil where there is no gradient.
    public subscript(path: String) -> GradientStatistics? { each[path] }

    /// The first parameter whose gradient has a NaN or an infinity; nil when all are finite.
    public var firstNonFinite: String? {
      global.isFinite ? nil : paths.first { !each[$0]!.isFinite }
    }

    /// The parameters whose gradients have a NaN or an infinity.
    public var nonFinitePaths: [String] {
      global.isFinite ? [] : paths.filter { !each[$0]!.isFinite }
    }
  }

  /// Norms, extremes and counts of all gradients.
  ///
  ///     let found = gradients.statistics
  ///     found.global.norm
  ///     found["hidden.weight"]?.nonFiniteCount
  ///
  /// - Numerics: one pass over each gradient; the same bits for any number of threads.
  public var statistics: Statistics {
    if let knownStatistics { return knownStatistics }
    var each: [String: GradientStatistics] = [:]
    for path in paths {
      let (gradient, factor) = unscaled(path)!
      each[path] = gradient.statistics()[0].multiplied(by: factor)
    }
    return Statistics(paths: paths, each: each)
  }

  /// The gradients together with what one pass finds in them, so that nobody needs another.
  func measured() -> (gradients: Gradients, found: Statistics) {
    var result = self
    let found = statistics
    result.knownStatistics = found
    return (result, found)
  }

  /// The root of the sum of squares of all gradients. NaN or infinite when a gradient is.
  ///
  /// - Numerics: one pass in double, which finite gradients do not overflow.
  public var globalNorm: Double { statistics.global.norm }

  /// The p-norm of all gradients as one, for a p above 0; the largest magnitude when p is infinite.
  ///
  /// - Numerics: as that of ``globalNorm``.
  /// - Errors: traps when p is 0, negative or NaN.
  public func globalNorm(p: Double) -> Double {
    guard Clipping.checkOrder(p, of: "globalNorm") else { return .nan }
    let statistics = statistics
    return joinedNorm(paths.map { norm(of: $0, p: p, statistics) }, p: p)
  }

  /// The 2-norm of the gradient of a parameter.
  public func norm(of path: String) -> Double? { self[path]?.statistics()[0].norm }

  /// The first parameter whose gradient is not finite; nil when all are.
  public var firstNonFinite: String? { statistics.firstNonFinite }

  /// The p-norm of one gradient, from what is known of it where that is enough.
  func norm(of path: String, p: Double, _ statistics: Statistics) -> Double {
    let known = statistics[path]!
    if p == 2 || !known.isFinite { return known.norm }
    return p.isInfinite ? known.largest : self[path]!.normInDouble(p: p)
  }
}
