import Foundation
import XCTest

/// The consumer package, which CI builds and runs, is made of the README's examples.
final class ReadmeTests: XCTestCase {
  private func text(_ path: String) throws -> String {
    try String(contentsOf: SourceFile.root.appendingPathComponent(path), encoding: .utf8)
  }

  private func blocks(_ language: String) throws -> [String] {
    try text("README.md").components(separatedBy: "```" + language + "\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }
  }

  func testEveryExampleIsRunVerbatim() throws {
    let examples = try blocks("swift")
    XCTAssertGreaterThan(examples.count, 3)
    XCTAssertEqual(
      try text("Tests/Consumer/Sources/Consumer/main.swift"), examples.joined(separator: "\n"))
  }

  func testEveryCommandIsRunByTheGate() throws {
    let gate = try text(".ci/run")
    let commands = try blocks("sh").flatMap { $0.split(separator: "\n") }.map { line in
      String(line.prefix { $0 != "#" }).trimmingCharacters(in: .whitespaces)
    }
    XCTAssertEqual(
      commands,
      ["swift run training demo", "swift run -c release training train", "swift test"])
    XCTAssertTrue(gate.contains("\nswift test\n"))
    XCTAssertTrue(gate.contains("\nTests/PageCheck/run\n"))
    XCTAssertTrue(try text("Tests/PageCheck/run").contains("swift run --skip-build training demo"))
    XCTAssertTrue(gate.contains("swift run -c release --skip-build training train"))
  }
}
