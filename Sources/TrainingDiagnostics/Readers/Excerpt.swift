extension Collection<UInt8> {
  /// The bytes as they are shown in a message: a few of them, in quotes, on one line.
  var excerpt: String { "\"\(unquotedExcerpt)\"" }

  /// The same without quotes, for names. What steers a terminal is a blank.
  var unquotedExcerpt: String { unquotedExcerpt(40) }

  /// The same of so many bytes.
  func unquotedExcerpt(_ length: Int) -> String {
    let text = String(decoding: prefix(length), as: UTF8.self).map { character in
      let isPlain = character.unicodeScalars.allSatisfy {
        $0.properties.generalCategory != .control
      }
      return isPlain && !character.isNewline ? character : " "
    }
    return String(text) + (count > length ? "…" : "")
  }
}
