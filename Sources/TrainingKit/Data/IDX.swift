/// The format of MNIST: a magic number that names type and rank, the extents, then the elements; all big-endian.
///
/// - Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
public enum IDX {
  /// The array of a file. Bytes are uint8, shorter integers int32, the others what they are.
  ///
  /// - Errors: `DataError` when the file cannot be read, is compressed, or is not in this format.
  public static func tensor(at path: String) throws(DataError) -> Tensor {
    try IDXFile(FileReader.bytes(of: path), name: path).tensor
  }
}

extension TensorDataset {
  /// Images and labels in MNIST's format.
  ///
  /// - Shape: images uint8 [examples, 1, height, width], labels int64 [examples].
  /// - Errors: `DataError` when a file cannot be read, is not in this format, or has another number of examples.
  public static func idx(
    images: String, labels: String
  ) throws(DataError) -> TensorDataset {
    let pixels = try IDXFile(FileReader.bytes(of: images), name: images, bytesOfRank: 3).tensor
    let classes = try IDXFile(FileReader.bytes(of: labels), name: labels, bytesOfRank: 1).tensor
    guard classes.count == pixels.shape[0] else {
      throw DataError(labels, expected: "\(pixels.shape[0]) labels", got: "\(classes.count)")
    }
    return TensorDataset(
      inputs: pixels.expandedDimensions(axis: 1), labels: classes.cast(to: .int64))
  }
}

/// A file of this format that is whole.
struct IDXFile {
  private enum ElementType: UInt8 {
    case uint8 = 0x08
    case int8, int16 = 0x0B, int32, float32, float64

    var byteCount: Int {
      switch self {
      case .uint8, .int8: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }
  }

  private let bytes: [UInt8]
  private let type: ElementType
  private let shape: Shape
  private var start: Int { 4 + 4 * shape.rank }

  /// Checks a file, which must be of bytes with the given number of axes if one is given.
  init(_ bytes: [UInt8], name: String, bytesOfRank rank: Int? = nil) throws(DataError) {
    if bytes.starts(with: [0x1F, 0x8B]) {
      throw DataError(name, expected: "an uncompressed file", got: "gzip; run gunzip on it first")
    }
    let magic = Array(bytes.prefix(4))
    guard magic.count == 4, magic.starts(with: [0, 0]), let type = ElementType(rawValue: magic[2]),
      magic[3] <= Shape.maximumRank,
      rank.map({ magic[2...].elementsEqual([8, UInt8($0)]) }) ?? true
    else {
      let wanted = rank.map { "0 0 8 \($0)" } ?? "0 0, a type of 8 to e and a rank of 0 to 8"
      throw DataError(
        name, expected: "the bytes \(wanted) of an IDX file",
        got: magic.map { String($0, radix: 16) }.joined(separator: " "))
    }
    let header = 4 + 4 * Int(magic[3])
    guard bytes.count >= header else {
      throw DataError(
        name, at: .byte(4), expected: "\(magic[3]) extents", got: "the end of the file")
    }
    let extents = (0..<Int(magic[3])).map { axis in
      bytes[(4 + 4 * axis)..<(8 + 4 * axis)].reduce(0) { $0 << 8 | Int($1) }
    }
    // Strides are products too, of the extents behind an axis: those must not overflow where there are no elements.
    let (size, overflow) = extents.reduce((type.byteCount, false)) { product, extent in
      let next = product.0.multipliedReportingOverflow(by: max(extent, 1))
      return (next.partialValue, product.1 || next.overflow)
    }
    let isEmpty = extents.contains(0)
    guard !overflow, bytes.count - header == (isEmpty ? 0 : size), !isEmpty || rank == nil else {
      throw DataError(
        name, expected: "elements for \(extents)", got: "\(bytes.count - header) bytes")
    }
    (self.bytes, self.type, shape) = (bytes, type, Shape(extents))
  }

  var tensor: Tensor {
    switch type {
    case .uint8: bytes[start...].withUnsafeBufferPointer { Tensor($0, shape: shape) }
    case .int8: Tensor(elements(UInt8.self) { Int32(Int8(bitPattern: $0)) }, shape: shape)
    case .int16: Tensor(elements(UInt16.self) { Int32(Int16(bitPattern: $0)) }, shape: shape)
    case .int32: Tensor(elements(UInt32.self) { Int32(bitPattern: $0) }, shape: shape)
    case .float32: Tensor(elements(UInt32.self) { Float(bitPattern: $0) }, shape: shape)
    case .float64:
      Tensor(elements(UInt64.self) { Double(bitPattern: $0) }, shape: shape, dtype: .float64)
    }
  }

  /// The elements, made of words that the file has in big-endian order.
  private func elements<Word: FixedWidthInteger & BitwiseCopyable, Element>(
    _: Word.Type, _ element: (Word) -> Element
  ) -> [Element] {
    bytes.withUnsafeBytes { memory in
      // The file has as many bytes as its elements take: no load reaches beyond them.
      (0..<shape.count).map { place in
        let offset = start + place * (Word.bitWidth / 8)
        return element(Word(bigEndian: memory.loadUnaligned(fromByteOffset: offset, as: Word.self)))
      }
    }
  }
}
