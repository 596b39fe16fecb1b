/// The formats of logs that can be read.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
  /// One JSON object a line.
  case jsonLines = "JSON lines"
  /// One JSON document: Hugging Face's `trainer_state.json`, an array of objects, or an object of columns.
  case jsonDocument = "JSON"
  /// Columns with their names in the first line, separated by commas, tabs or semicolons.
  case table
  /// TensorBoard's records of scalars.
  case events = "event file"
  /// Lines of text with numbers behind their names.
  case text
}

extension LogFormat {
  /// The format of a text by its first line that is not blank.
  static func recognised(by line: ArraySlice<UInt8>) -> LogFormat {
    let first = line.first
    let second = line.dropFirst().first { $0 != 0x20 && $0 != 0x09 }
    if first == UInt8(ascii: "{"), second != UInt8(ascii: "'") {
      return (try? JSONScanner.value(of: line)) == nil ? .jsonDocument : .jsonLines
    }
    if first == UInt8(ascii: "[") {
      let isJSON = second == nil || second == UInt8(ascii: "{") || second == UInt8(ascii: "]")
      return isJSON ? .jsonDocument : .text
    }
    return TableParser.looksLikeTable(line) ? .table : .text
  }
}
