import XCTest

/// Every number that a finding rests on is told in a phrase.
final class EvidenceTests: XCTestCase {
  /// Names in the code that look like those of evidence, and are activation functions.
  private static let others: Set = [
    "hardsigmoid", "relu", "sigmoid", "softmax", "softplus", "tanh",
  ]

  private func matches(_ pattern: String, in text: String) throws -> Set<String> {
    let expression = try NSRegularExpression(pattern: pattern)
    let range = NSRange(text.startIndex..., in: text)
    return Set(
      expression.matches(in: text, range: range).compactMap { match in
        Range(match.range(at: 1), in: text).map { String(text[$0]) }
      })
  }

  /// The names that analyzers, checks, replays and the command give to numbers.
  private func named() throws -> Set<String> {
    let folders = ["Analyzers", "Preflight", "Replay", "Watching"].map {
      "Sources/TrainingDiagnostics/\($0)"
    }
    let files =
      try (folders + ["Sources/TrainingCommand/Check"]).flatMap {
        try SourceFile.all(in: $0, ".swift")
      } + SourceFile.all(in: "Sources/TrainingDiagnostics", "Doctor.swift")
    let text = files.map(\.text).joined(separator: "\n")
    let names = try matches(#""([a-z][a-z0-9_]*)": "#, in: text)
      .union(matches(#"\("([a-z][a-z0-9_]*)", [a-z]+\.[a-zA-Z]+\)"#, in: text))
      .union(matches(#"adding\("([a-z][a-z0-9_]*)""#, in: text))
    return names.subtracting(Self.others)
  }

  func testEveryNameHasAPhrase() throws {
    let table = try XCTUnwrap(
      SourceFile.all(in: "Sources/TrainingDiagnostics/Findings", "EvidencePhrases.swift").first)
    let keys = try matches(#"(?m)^    "([a-z0-9_.]+)":"#, in: table.text)
    let told = Set(keys.compactMap { $0.split(separator: ".").last.map(String.init) })
    let names = try named()
    XCTAssertGreaterThan(names.count, 150)
    XCTAssertEqual(names.subtracting(told).sorted(), [], "names without a phrase")
    XCTAssertEqual(told.subtracting(names).sorted(), [], "phrases without a name")
  }
}
