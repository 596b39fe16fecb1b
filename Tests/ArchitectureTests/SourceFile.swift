import Foundation

/// A source file of the package, for tests that read the house.
struct SourceFile: CustomStringConvertible {
  /// The path from the root of the package.
  let path: String
  let text: String

  var description: String { path }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The files below a folder with one of the endings, by path.
  static func all(in folder: String, _ endings: String...) throws -> [SourceFile] {
    let base = root.appendingPathComponent(folder)
    let names =
      FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    return try names.filter { name in endings.contains { name.hasSuffix($0) } }.sorted().map {
      SourceFile(
        path: folder + "/" + $0,
        text: try String(contentsOf: base.appendingPathComponent($0), encoding: .utf8))
    }
  }

  /// The text without comments and the contents of string literals.
  var code: String {
    let noComments = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
    }
    return noComments.joined(separator: "\n")
      .replacingOccurrences(of: #""(\\.|[^"\\\n])*""#, with: "\"\"", options: .regularExpression)
  }

  /// Every identifier that the code mentions.
  var words: Set<String> {
    Set(code.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
  }
}
