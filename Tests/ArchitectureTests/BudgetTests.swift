import Foundation
import XCTest

/// Size is a tested quantity.
final class BudgetTests: XCTestCase {
  private func sources() throws -> [SourceFile] {
    try SourceFile.all(in: "Sources", ".swift", ".c", ".h")
  }

  func testFilesStaySmall() throws {
    let counts = try sources().map { file in
      let count = file.lines.count - 1
      XCTAssertLessThanOrEqual(count, 500, "\(file)")
      return count
    }.sorted()
    XCTAssertLessThanOrEqual(counts[counts.count / 2], 150, "median")
  }

  func testFunctionsStaySmall() throws {
    var lengths: [Int] = []
    for file in try SourceFile.all(in: "Sources", ".swift") {
      for function in file.functions {
        XCTAssertLessThanOrEqual(function.length, 60, "\(file): \(function.name)")
        lengths.append(function.length)
      }
    }
    lengths.sort()
    XCTAssertLessThanOrEqual(lengths[lengths.count / 2], 8, "median")
  }

  func testLinesStayNarrow() throws {
    for file in try sources() {
      for (number, line) in file.lines.enumerated() where line.count > 120 {
        XCTFail("\(file):\(number + 1) has \(line.count) columns")
      }
    }
  }

  func testLittleIsWrittenTwice() throws {
    var places: [String: String] = [:]
    var repeated = 0
    var total = 0
    for file in try SourceFile.all(in: "Sources", ".swift", ".c") {
      let lines = file.significantLines
      total += lines.count
      var position = 0
      while position + 6 <= lines.count {
        let run = lines[position..<(position + 6)].joined(separator: "\n")
        if let first = places[run] {
          print("written twice: \(first) and \(file): \(lines[position])")
          repeated += 1
          position += 6
        } else {
          places[run] = file.path
          position += 1
        }
      }
    }
    XCTAssertLessThanOrEqual(repeated * 1000, 2 * total, "\(repeated) runs in \(total) lines")
  }

  func testTheWorkingTreeStaysSmall() throws {
    let fixtures = SourceFile.root.appendingPathComponent("Tests/Fixtures/data")
    let names = try FileManager.default.contentsOfDirectory(atPath: fixtures.path)
    let bytes = try names.reduce(0) { sum, name in
      let path = fixtures.appendingPathComponent(name).path
      return sum + (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
    }
    XCTAssertGreaterThan(bytes, 1_000_000)
    XCTAssertLessThan(bytes, 10_000_000)
  }
}

extension SourceFile {
  /// Lines that say something: no comments, imports, blank lines or lone punctuation.
  fileprivate var significantLines: [String] {
    code.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
      !$0.hasPrefix("import") && !$0.contains(" import ") && !$0.hasPrefix("#")
        && $0.contains { $0.isLetter }
    }
  }

  /// The functions of a Swift file with the number of lines from their first to their last.
  fileprivate var functions: [(name: String, length: Int)] {
    let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.indices.compactMap { start in
      let words = lines[start].split { $0 == " " || $0 == "(" || $0 == "<" }
      guard let keyword = words.firstIndex(where: { $0 == "func" || $0 == "init" }),
        !lines[start].contains("self.init"), !lines[start].contains("super.init")
      else { return nil }
      let name = words[keyword] == "init" ? "init" : words.dropFirst(keyword + 1).first ?? ""
      return length(of: lines[start...]).map { (String(name), $0) }
    }
  }

  private func length(of lines: ArraySlice<Substring>) -> Int? {
    var depth = 0
    var parentheses = 0
    var isOpen = false
    for (position, line) in lines.enumerated() {
      for character in line {
        if character == "(" { parentheses += 1 }
        if character == ")" { parentheses -= 1 }
        if character == "{" { (depth, isOpen) = (depth + 1, isOpen || parentheses == 0) }
        if character == "}" { depth -= 1 }
        if isOpen, depth == 0 { return position + 1 }
      }
      // A requirement of a protocol has no body.
      if !isOpen, depth < 0 || (position > 0 && line.contains("func ")) || position > 20 {
        return nil
      }
    }
    return nil
  }
}
