/// What a tensor's elements say about it.
public struct TensorStatistics: Sendable, Hashable {
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

extension TensorStatistics {
  /// The statistics of all parts together.
  init(joining parts: [TensorStatistics]) {
    var (largest, nonFiniteCount, zeroCount, count) = (0.0, 0, 0, 0)
    for part in parts {
      largest = max(largest, part.largest)
      nonFiniteCount += part.nonFiniteCount
      zeroCount += part.zeroCount
      count += part.count
    }
    self.init(
      norm: joinedNorm(parts.map { $0.norm }, p: 2), largest: largest,
      nonFiniteCount: nonFiniteCount, zeroCount: zeroCount, count: count)
  }
}

extension TensorStatistics {
  /// The statistics of the elements times a factor.
  func multiplied(by factor: Double) -> TensorStatistics {
    factor == 1
      ? self
      : TensorStatistics(
        norm: norm * abs(factor), largest: largest * abs(factor), nonFiniteCount: nonFiniteCount,
        zeroCount: zeroCount, count: count)
  }
}

extension TensorStatistics: Codable {
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

extension Tensor {
  /// Norm, extremes and counts of the elements.
  ///
  /// - Numerics: from one pass, in double; the same bits for any number of threads. Integers are taken as float64.
  public var statistics: TensorStatistics {
    (dtype.isFloatingPoint ? self : cast(to: .float64)).statistics(ofParts: 1)[0]
  }
}
