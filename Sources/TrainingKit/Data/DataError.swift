/// A file that is not what it was taken for: what was expected where, and what was there.
public struct DataError: Error, Sendable, Hashable {
  /// Where in a file something is wrong.
  public enum Place: Sendable, Hashable {
    /// The file as a whole.
    case file
    /// A line of text, from 1.
    case line(Int)
    /// A byte, from 0.
    case byte(Int)
  }

  /// The file, as it was asked for.
  public let file: String
  /// Where in the file.
  public let place: Place
  /// What would have been right.
  public let expected: String
  /// What was there.
  public let got: String

  /// Creates an error, for readers of other formats.
  public init(_ file: String, at place: Place = .file, expected: String, got: String) {
    (self.file, self.place, self.expected, self.got) = (file, place, expected, got)
  }
}

extension DataError: CustomStringConvertible {
  /// `file:line: expected …, got …`.
  public var description: String {
    switch place {
    case .file: "\(file): expected \(expected), got \(got)"
    case .line(let line): "\(file):\(line): expected \(expected), got \(got)"
    case .byte(let byte): "\(file): expected \(expected) at byte \(byte), got \(got)"
    }
  }
}
