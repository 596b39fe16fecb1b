/// Reads option values, or says what would have been right.
enum Values {
  static func count(_ word: String) throws(UsageError) -> Int {
    guard let value = Int(word), value > 0 else {
      throw UsageError("expected a whole number above 0, got \(word)")
    }
    return value
  }

  static func countOrZero(_ word: String) throws(UsageError) -> Int {
    guard let value = Int(word), value >= 0 else {
      throw UsageError("expected a whole number of 0 or more, got \(word)")
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
