extension Collection<UInt8> {
  /// The bytes as they are shown in a message: a few of them, in quotes, on one line.
  var excerpt: String {
    let text = String(decoding: prefix(40), as: UTF8.self).map { character in
      character.isNewline || character.unicodeScalars.contains { $0.value < 32 } ? " " : character
    }
    return "\"\(String(text))\(count > 40 ? "…" : "")\""
  }
}
