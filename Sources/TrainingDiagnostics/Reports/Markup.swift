extension String {
  /// The text between tags or in a quoted attribute of HTML and XML. What XML forbids becomes a replacement character.
  var inMarkup: String {
    unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      case "\t", "\n": text += " "
      case _ where scalar.isForbiddenInMarkup: text += "\u{FFFD}"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }

  /// The text between tags of HTML, which may be broken behind the marks that join words in names of files.
  var inBreakableMarkup: String {
    inMarkup.reduce(into: "") { text, character in
      text.append(character)
      if "_/".contains(character) { text += "<wbr>" }
    }
  }

  /// The text as a JSON string that may stand in a script element: nothing in it ends the element or a line.
  var inJSON: String {
    unicodeScalars.reduce(into: "\"") { text, scalar in
      switch scalar {
      case "\"", "\\", "<", ">", "&", "\u{2028}", "\u{2029}": text += scalar.escapedInJSON
      case _ where scalar.isForbiddenInMarkup || scalar.value < 0x20: text += scalar.escapedInJSON
      default: text.unicodeScalars.append(scalar)
      }
    } + "\""
  }

  /// With a capital at the beginning.
  var capitalizedSentence: String { prefix(1).uppercased() + dropFirst() }
}

extension Unicode.Scalar {
  fileprivate var isForbiddenInMarkup: Bool {
    value < 0x20 || (0x7F...0x9F).contains(value) || value & 0xFFFE == 0xFFFE
  }

  fileprivate var escapedInJSON: String {
    UTF16.encode(self)!.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
