internal import TrainingKit

/// Reads option values, or says what would have been right.
enum Values {
  /// How often something is done.
  static func count(_ word: String) throws(UsageError) -> Int {
    try whole(word, 1...1_000_000_000)
  }

  static func countOrZero(_ word: String) throws(UsageError) -> Int {
    try whole(word, 0...1_000_000_000)
  }

  /// How large something is that others are multiplied with.
  static func size(_ word: String) throws(UsageError) -> Int { try whole(word, sizes) }

  /// Products of three of them are still numbers of bytes.
  static let sizes = 1...1_000_000

  private static func whole(
    _ word: String, _ range: ClosedRange<Int>
  ) throws(UsageError) -> Int {
    guard let value = Int(word), value >= range.lowerBound else {
      let least = range.lowerBound == 0 ? "of 0 or more" : "above 0"
      throw UsageError("expected a whole number \(least), got \(word)")
    }
    guard value <= range.upperBound else {
      throw UsageError("expected a whole number of at most \(range.upperBound), got \(word)")
    }
    return value
  }

  static func seed(_ word: String) throws(UsageError) -> UInt64 {
    guard let value = UInt64(word) else {
      throw UsageError("expected a whole number of 0 or more, got \(word)")
    }
    return value
  }

  static func positive(_ word: String) throws(UsageError) -> Double {
    guard let value = Double(word), value > 0, value.isFinite else {
      throw UsageError("expected a number above 0, got \(word)")
    }
    return value
  }

  static func nonNegative(_ word: String) throws(UsageError) -> Double {
    guard let value = Double(word), value >= 0, value.isFinite else {
      throw UsageError("expected a number of 0 or more, got \(word)")
    }
    return value
  }

  static func share(_ word: String) throws(UsageError) -> Double {
    guard let value = Double(word), value >= 0, value < 1 else {
      throw UsageError("expected a number from 0 to below 1, got \(word)")
    }
    return value
  }

  /// Bytes, such as `300MB`, `1.5GB`, `2GiB` or `1000000`.
  static func bytes(_ word: String) throws(UsageError) -> Int {
    let units = [
      ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6),
      ("GB", 1e9), ("TB", 1e12), ("", 1),
    ]
    let (unit, factor) = units.first { word.hasSuffix($0.0) }!
    guard let value = Double(word.dropLast(unit.count)), value > 0, value * factor < 0x1p60 else {
      throw UsageError("expected bytes such as 300MB or 2GiB, got \(word)")
    }
    return Int(value * factor)
  }

  static func device(_ word: String) throws(UsageError) -> Device {
    guard let device = Device(word) else {
      throw UsageError("expected cpu, cuda or cuda:N, got \(word)")
    }
    return device
  }

  /// One of the cases of an enumeration, by name.
  static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ word: String
  ) throws(UsageError) -> Choice {
    guard let value = Choice(rawValue: word) else {
      throw UsageError("expected \(names(Choice.self)), got \(word)")
    }
    return value
  }

  /// The names of all cases, such as `sgd, adam or adamw`.
  static func names<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) -> String {
    let names = Choice.allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }
}
