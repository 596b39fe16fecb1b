/// A case's keys and values.
struct Case {
  private let values: [String: String]

  init(_ words: some Sequence<String>) {
    values = words.reduce(into: [:]) { values, word in
      let parts = word.split(separator: "=", maxSplits: 1)
      values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
  }

  func text(_ key: String) throws -> String {
    guard let value = values[key] else { throw Skip("expected \(key)=…") }
    return value
  }

  func int(_ key: String) throws -> Int {
    guard let value = Int(try text(key)) else { throw Skip("expected a number for \(key)") }
    return value
  }
}

/// A case that this worker cannot run.
struct Skip: Error, CustomStringConvertible {
  let description: String
  init(_ reason: String) { description = reason }
}
