/// A number as text has it: ±significand · 10^exponent.
struct DecimalNumber {
  private var significand: UInt64 = 0
  private var exponent = 0
  private var isNegative = false

  /// Reads digits with an optional sign, point and exponent; nil when the text is anything else.
  private init?(_ bytes: [UInt8], _ range: Range<Int>) {
    var place = range.lowerBound
    let end = range.upperBound
    isNegative = DecimalNumber.takeSign(bytes, &place, end)
    var digits = takeDigits(bytes, &place, end)
    if place < end, bytes[place] == UInt8(ascii: ".") {
      place += 1
      let fraction = takeDigits(bytes, &place, end)
      digits += fraction
      exponent -= fraction
    }
    guard digits > 0, takeExponent(bytes, &place, end), place == end else { return nil }
  }

  private static func takeSign(_ bytes: [UInt8], _ place: inout Int, _ end: Int) -> Bool {
    guard place < end else { return false }
    let isNegative = bytes[place] == UInt8(ascii: "-")
    if isNegative || bytes[place] == UInt8(ascii: "+") { place += 1 }
    return isNegative
  }

  /// Takes digits behind those of the significand and returns how many there were.
  private mutating func takeDigits(_ bytes: [UInt8], _ place: inout Int, _ end: Int) -> Int {
    let start = place
    while place < end {
      let digit = bytes[place] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      // Digits behind the eighteenth or nineteenth only count.
      if significand < 1_000_000_000_000_000_000 {
        significand = significand * 10 + UInt64(digit)
      } else {
        exponent += 1
      }
      place += 1
    }
    return place - start
  }

  private mutating func takeExponent(_ bytes: [UInt8], _ place: inout Int, _ end: Int) -> Bool {
    guard place < end, bytes[place] | 0x20 == UInt8(ascii: "e") else { return true }
    place += 1
    let sign = DecimalNumber.takeSign(bytes, &place, end) ? -1 : 1
    let start = place
    var value = 0
    while place < end, bytes[place] &- UInt8(ascii: "0") < 10 {
      value = min(value * 10 + Int(bytes[place] - UInt8(ascii: "0")), 1 << 20)
      place += 1
    }
    exponent += sign * value
    return place > start
  }
}

extension DecimalNumber {
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32,
    1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47, 1e48,
  ]

  /// The nearest `Float` of a number; infinite when it is too large, nil when the text is not a number.
  static func float(_ bytes: [UInt8], _ range: Range<Int>) -> Float? {
    guard let number = DecimalNumber(bytes, range) else { return nil }
    return number.float ?? Float(String(decoding: bytes[range], as: UTF8.self))
  }

  /// The whole number that the text stands for, `3` or `3.0`; nil when it is something else.
  static func integer(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
    guard let number = DecimalNumber(bytes, range) else { return nil }
    let isShort = number.exponent == 0 && number.significand <= UInt64(Int.max)
    if isShort { return Int(number.significand) * (number.isNegative ? -1 : 1) }
    return Double(String(decoding: bytes[range], as: UTF8.self)).flatMap { Int(exactly: $0) }
  }

  /// The nearest `Float` where arithmetic in float64 can tell, which is nearly always.
  private var float: Float? {
    guard significand > 0 else { return isNegative ? -0.0 : 0 }
    guard abs(exponent) < DecimalNumber.powersOfTen.count else { return nil }
    let power = DecimalNumber.powersOfTen[abs(exponent)]
    let value = exponent < 0 ? Double(significand) / power : Double(significand) * power
    // Significand, power, their product and dropped digits are off by less than 2^-50 together: when both ends round
    // to the same number, so does what lies between.
    let (low, high) = (Float(value * (1 - 0x1p-50)), Float(value * (1 + 0x1p-50)))
    guard low == high else { return nil }
    return isNegative ? -low : low
  }
}
