/// Windows of a text, byte by byte, for models that predict the next byte.
///
///     let text = try TextDataset(path: "book.txt", context: 64)
///     let (training, heldOut) = text.split(0.9, seed: 0)
///     let model = GPT(vocabulary: text.vocabulary.count, context: 64, …)
///
/// The input of an example is a window of the text in codes, its label the same window one byte later; both int64
/// [context]. Windows that overlap, with a stride below the context, share bytes: split such a text before, not after.
public struct TextDataset: Dataset {
  /// Which bytes have codes.
  public enum Vocabulary: Sendable, Hashable {
    /// Those that occur in the text, in ascending order.
    case occurring
    /// All 256, each its own code.
    case all
    /// These, each coded by its place: such as the vocabulary of another text.
    case given([UInt8])
  }

  /// The bytes that codes stand for, by code.
  public let vocabulary: [UInt8]
  /// How many bytes a window has.
  public let context: Int

  /// How many bytes the text has.
  public var byteCount: Int { codes.count }

  private let codes: [UInt8]
  private let stride: Int

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - stride: how far apart windows begin; a context unless given.
  /// - Errors: `DataError` when the file cannot be read, or has a byte that is not in a given vocabulary. Traps when
  ///   context or stride is below 1.
  public init(
    path: String, context: Int, stride: Int? = nil, vocabulary: Vocabulary = .occurring
  ) throws(DataError) {
    try self.init(
      FileReader.bytes(of: path), name: path, context: context, stride: stride,
      vocabulary: vocabulary)
  }

  /// Takes a text, which errors name.
  ///
  /// - Errors: those of ``init(path:context:stride:vocabulary:)``.
  public init(
    _ text: [UInt8], name: String = "text", context: Int, stride: Int? = nil,
    vocabulary: Vocabulary = .occurring
  ) throws(DataError) {
    let step = stride ?? context
    if context < 1 || step < 1 {
      Context.current.fail(
        TensorError.argument(
          "TextDataset", expected: "a context and a stride of 1 or more",
          got: "\(context) and \(step)"))
    }
    (self.context, self.stride) = (max(context, 1), max(step, 1))
    self.vocabulary =
      switch vocabulary {
      case .occurring: Set(text).sorted()
      case .all: Array(UInt8.min...UInt8.max)
      case .given(let bytes): bytes
      }
    var codeOfByte = [UInt8?](repeating: nil, count: 256)
    for (code, byte) in self.vocabulary.enumerated().prefix(256) {
      codeOfByte[Int(byte)] = UInt8(code)
    }
    var codes: [UInt8] = []
    codes.reserveCapacity(text.count)
    for (place, byte) in text.enumerated() {
      guard let code = codeOfByte[Int(byte)] else {
        throw DataError(
          name, at: .byte(place), expected: "a byte of the vocabulary", got: "\(byte)")
      }
      codes.append(code)
    }
    self.codes = codes
  }

  /// The number of windows.
  public var count: Int { codes.count > context ? (codes.count - 1 - context) / stride + 1 : 0 }

  /// The windows at the given positions as a batch.
  ///
  /// - Shape: inputs and labels int64 [positions, context].
  /// - Errors: traps when there is no such window.
  public func batch(at positions: [Int]) -> Batch {
    let rows = hasExamples(positions, for: "batch") ? positions : []
    return Batch(x: windows(rows, shift: 0), y: windows(rows, shift: 1), indices: rows)
  }

  private func windows(_ positions: [Int], shift: Int) -> Tensor {
    let elements = positions.flatMap { position in
      codes[(position * stride + shift)...].prefix(context).lazy.map { Int($0) }
    }
    return Tensor(elements, shape: [positions.count, context])
  }

  /// The text that codes stand for; codes that have no byte are left out.
  public func text(of codes: some Sequence<Int>) -> String {
    let bytes = codes.lazy.filter(vocabulary.indices.contains).map { vocabulary[$0] }
    return String(decoding: Array(bytes), as: UTF8.self)
  }
}
