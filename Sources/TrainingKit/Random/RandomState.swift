/// Where a random generator stands: what a checkpoint keeps, and what makes a replay draw the same
/// numbers.
public struct RandomState: Sendable, Hashable, Codable {
  enum Stream: Sendable, Hashable, Codable {
    case philox(key: UInt64, position: UInt64)
    /// `spare` is the second value of a pair of normal numbers that has not been asked for yet.
    case mersenneTwister(words: [UInt32], next: Int32, spare: Double?)
  }

  static let wordCount = 624

  let stream: Stream

  init(_ stream: Stream) { self.stream = stream }

  /// The start of a Philox stream.
  public init(seed: UInt64) { self.init(.philox(key: seed, position: 0)) }

  /// The start of PyTorch's stream on the processor.
  public init(mersenneTwister seed: UInt64) { self = RandomStream(mersenneTwister: seed).state }

  /// Reads a state.
  ///
  /// - Errors: `DecodingError` when it is not that of a generator.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    stream = try values.decode(Stream.self, forKey: .stream)
    guard case .mersenneTwister(let words, let next, _) = stream else { return }
    guard words.count == Self.wordCount, (0...Self.wordCount).contains(Int(next)) else {
      throw DecodingError.dataCorruptedError(
        forKey: .stream, in: values,
        debugDescription: "RandomState: expected \(Self.wordCount) words and a place among them, "
          + "got \(words.count) and \(next)")
    }
  }
}
