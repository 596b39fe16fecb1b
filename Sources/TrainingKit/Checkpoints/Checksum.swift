/// A number of 64 bits that changes when any of the bytes does.
///
/// - Source: XXH64 with seed 0, the xxHash specification by Y. Collet.
package struct Checksum: Hashable {
  private let value: UInt64

  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  package init(of bytes: UnsafeRawBufferPointer) {
    var place = 0
    var sum = bytes.count < 32 ? Self.prime5 : Self.stripes(of: bytes, upTo: &place)
    sum &+= UInt64(bytes.count)
    while place + 8 <= bytes.count {
      sum ^= Self.round(0, bytes.word(at: place))
      sum = sum.rotated(by: 27) &* Self.prime1 &+ Self.prime4
      place += 8
    }
    if place + 4 <= bytes.count {
      let half = UInt64(bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
      sum = (sum ^ half &* Self.prime1).rotated(by: 23) &* Self.prime2 &+ Self.prime3
      place += 4
    }
    for byte in bytes[place...] {
      sum = (sum ^ UInt64(byte) &* Self.prime5).rotated(by: 11) &* Self.prime1
    }
    sum = (sum ^ sum >> 33) &* Self.prime2
    sum = (sum ^ sum >> 29) &* Self.prime3
    value = sum ^ sum >> 32
  }

  /// The sum of all whole stripes of 32 bytes; four words go side by side.
  private static func stripes(
    of bytes: UnsafeRawBufferPointer, upTo place: inout Int
  ) -> UInt64 {
    var (a, b, c, d) = (prime1 &+ prime2, prime2, 0 as UInt64, 0 &- prime1)
    while place + 32 <= bytes.count {
      a = round(a, bytes.word(at: place))
      b = round(b, bytes.word(at: place + 8))
      c = round(c, bytes.word(at: place + 16))
      d = round(d, bytes.word(at: place + 24))
      place += 32
    }
    let sum = a.rotated(by: 1) &+ b.rotated(by: 7) &+ c.rotated(by: 12) &+ d.rotated(by: 18)
    return [a, b, c, d].reduce(sum) { ($0 ^ round(0, $1)) &* prime1 &+ prime4 }
  }

  private static func round(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    (sum &+ word &* prime2).rotated(by: 31) &* prime1
  }

  /// 16 hexadecimal digits.
  package var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func word(at place: Int) -> UInt64 {
    loadUnaligned(fromByteOffset: place, as: UInt64.self)
  }
}

extension UInt64 {
  fileprivate func rotated(by bits: UInt64) -> UInt64 { self &<< bits | self &>> (64 &- bits) }
}
