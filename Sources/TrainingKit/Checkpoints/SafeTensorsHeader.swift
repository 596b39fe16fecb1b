/// What begins a safetensors file: where each tensor lies, and texts by name.
struct SafeTensorsHeader {
  struct Entry {
    let name: String
    let spec: TensorSpec
    /// The bytes of the tensor, counted from the end of the header.
    let bytes: Range<Int>
  }

  /// The most bytes that the format allows a header.
  static let largestByteCount = 100_000_000

  var metadata: [String: String]
  /// In the order of their bytes, between which there are no gaps.
  let entries: [Entry]

  /// The header of a file for these tensors, in the order of Python's `safetensors`: the widest dtypes first, so that
  /// all are aligned, and then by name.
  init(_ tensors: [String: Tensor], metadata: [String: String]) {
    self.metadata = metadata
    var start = 0
    let names = tensors.keys.sorted { $0.precedes($1) }
    entries = DType.byRank.flatMap { dtype in
      names.filter { tensors[$0]!.dtype == dtype }.map { name in
        let shape = tensors[name]!.shape
        let bytes = start..<(start + shape.count * dtype.byteCount)
        start = bytes.upperBound
        return Entry(name: name, spec: TensorSpec(shape, dtype), bytes: bytes)
      }
    }
  }

  /// The bytes of all tensors together.
  var dataByteCount: Int { entries.last?.bytes.upperBound ?? 0 }

  /// The length of the header in eight bytes, and the header, to the byte as Python's `safetensors` writes it.
  var encoded: [UInt8] {
    var members = entries.map { entry in
      "\(entry.name.quoted):{\"dtype\":\"\(entry.spec.dtype.code)\","
        + "\"shape\":[\(entry.spec.shape.map(String.init).joined(separator: ","))],"
        + "\"data_offsets\":[\(entry.bytes.lowerBound),\(entry.bytes.upperBound)]}"
    }
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key.precedes($1.key) }
        .map { "\($0.key.quoted):\($0.value.quoted)" }
      members.insert("\"__metadata__\":{\(texts.joined(separator: ","))}", at: 0)
    }
    var text = Array("{\(members.joined(separator: ","))}".utf8)
    text += Array(repeating: UInt8(ascii: " "), count: -text.count & 7)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
  }
}

extension SafeTensorsHeader {
  /// Reads the header of a file that has so many bytes behind it.
  init(_ text: [UInt8], dataByteCount: Int, of file: String) throws(CheckpointError) {
    let parser: HeaderParser
    do throws(HeaderParser.Mistake) {
      parser = try HeaderParser(text)
    } catch {
      throw CheckpointError(
        .damaged, file, error.name, expected: "\(error.expected) in the header",
        got: "something else at its byte \(error.position)")
    }
    metadata = parser.metadata
    var entries: [Entry] = []
    for entry in parser.entries { entries.append(try Entry(entry, of: file)) }
    self.entries = entries.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    try checkPlaces(dataByteCount, of: file)
  }

  /// Tensors must fill the file: no gaps, nothing twice, nothing behind.
  private func checkPlaces(_ dataByteCount: Int, of file: String) throws(CheckpointError) {
    var end = 0
    for entry in entries {
      guard entry.bytes.lowerBound == end else {
        throw CheckpointError(
          .damaged, file, entry.name, expected: "data from byte \(end)",
          got: "from byte \(entry.bytes.lowerBound)")
      }
      end = entry.bytes.upperBound
      guard end <= dataByteCount else {
        throw CheckpointError(
          .damaged, file, entry.name, expected: "data up to byte \(end)",
          got: "a file that ends at byte \(dataByteCount)")
      }
    }
    guard end == dataByteCount else {
      throw CheckpointError(
        .damaged, file, nil, expected: "\(end) bytes of data", got: "\(dataByteCount)")
    }
  }
}

extension SafeTensorsHeader.Entry {
  fileprivate init(_ entry: HeaderParser.Entry, of file: String) throws(CheckpointError) {
    name = entry.name
    func refusal(_ kind: CheckpointError.Kind, _ expected: String, _ got: Any) -> CheckpointError {
      CheckpointError(kind, file, entry.name, expected: expected, got: "\(got)")
    }
    guard let dtype = DType.allCases.first(where: { $0.code == entry.dtype }) else {
      let known = DType.byRank.map(\.code).joined(separator: ", ")
      throw refusal(.unsupported, "a dtype of \(known)", entry.dtype)
    }
    guard entry.shape.count <= Shape.maximumRank else {
      throw refusal(.unsupported, "at most \(Shape.maximumRank) axes", entry.shape.count)
    }
    // Also with an axis of 0, the others must have strides.
    guard entry.shape.hasStrides(ofBytes: dtype.byteCount) else {
      throw refusal(.damaged, "a shape of less than 2⁶³ bytes", entry.shape)
    }
    spec = TensorSpec(Shape(entry.shape), dtype)
    let size = spec.shape.count * dtype.byteCount
    let (start, end) = (entry.offsets[0], entry.offsets[1])
    guard start <= end, end - start == size else {
      throw refusal(
        .damaged, "\(size) bytes for \(dtype) of \(spec.shape)", "bytes \(start) to \(end)")
    }
    bytes = start..<end
  }
}

extension [Int] {
  /// Whether the product of all extents but 0 is small enough to count with.
  fileprivate func hasStrides(ofBytes byteCount: Int) -> Bool {
    var product = (partialValue: byteCount, overflow: false)
    for extent in self where extent > 0 && !product.overflow {
      product = product.partialValue.multipliedReportingOverflow(by: extent)
    }
    return !product.overflow
  }
}

extension DType {
  /// The names in the format, in the order in which a file has them.
  private static let codes: KeyValuePairs<DType, String> = [
    .int64: "I64", .float64: "F64", .float32: "F32", .int32: "I32", .bfloat16: "BF16",
    .float16: "F16", .uint8: "U8",
    .bool: "BOOL",
  ]

  fileprivate static var byRank: [DType] { codes.map(\.key) }

  fileprivate var code: String { Self.codes.first { $0.key == self }!.value }
}

extension String {
  private static let escapes: [Unicode.Scalar: String] = [
    "\"": "\\\"", "\\": "\\\\", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r",
    "\t": "\\t",
  ]

  /// Whether the name comes first in the order of its bytes.
  fileprivate func precedes(_ other: String) -> Bool {
    utf8.lexicographicallyPrecedes(other.utf8)
  }

  /// The text as JSON.
  fileprivate var quoted: String {
    var text = "\""
    for scalar in unicodeScalars {
      if let escape = Self.escapes[scalar] {
        text += escape
      } else if scalar < " " {
        text += (scalar.value < 16 ? "\\u000" : "\\u00") + String(scalar.value, radix: 16)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
