/// A message of Protocol Buffers as its fields, without knowing what they mean.
///
/// - Source: the wire format, protobuf.dev/programming-guides/encoding.
enum ProtocolMessage {
  /// A field: a number of 64 bits, or bytes.
  struct Field {
    let number: Int
    var bits: UInt64 = 0
    var bytes: ArraySlice<UInt8> = []

    /// The bits as a signed integer.
    var integer: Int { Int(truncatingIfNeeded: bits) }
    /// The low bits as a number of 32 bits.
    var float: Double { Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) }
    /// The bits as a number of 64 bits.
    var double: Double { Double(bitPattern: bits) }
  }

  /// The fields in their order; nil when the bytes are no message.
  static func fields(of bytes: ArraySlice<UInt8>) -> [Field]? {
    var (rest, fields) = (bytes, [Field]())
    while !rest.isEmpty {
      guard let key = varint(&rest), key >> 3 > 0, key >> 3 < 1 << 29 else { return nil }
      var field = Field(number: Int(key >> 3))
      switch key & 7 {
      case 0:
        guard let value = varint(&rest) else { return nil }
        field.bits = value
      case 1, 5:
        let width = key & 7 == 1 ? 8 : 4
        guard rest.count >= width else { return nil }
        field.bits = UInt64(littleEndian: rest.prefix(width))
        rest = rest.dropFirst(width)
      case 2:
        guard let length = varint(&rest), length <= UInt64(rest.count) else { return nil }
        field.bytes = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
      default: return nil
      }
      fields.append(field)
    }
    return fields
  }

  /// Seven bits a byte, the least significant first.
  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, through: 63, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    return nil
  }
}
