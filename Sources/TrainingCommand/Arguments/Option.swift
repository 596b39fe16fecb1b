/// An option of a command: how it is spelled, explained and taken over into the settings.
struct Option<Settings> {
  let name: String
  /// The names of its values; empty for a switch.
  let values: [String]
  let help: String
  /// The value that may be attached to a switch, behind a `=`; nil where none may.
  var attachment: String?
  let apply: (inout Settings, [String]) throws(UsageError) -> Void

  init(
    name: String, values: [String], help: String,
    apply: @escaping (inout Settings, [String]) throws(UsageError) -> Void
  ) {
    (self.name, self.values, self.help, self.apply) = (name, values, help, apply)
  }

  init(
    _ name: String, _ values: String..., help: String,
    apply: @escaping (inout Settings, [String]) throws(UsageError) -> Void
  ) {
    self.init(name: name, values: values, help: help, apply: apply)
  }

  /// The option where its settings are a part of others.
  func inside<Whole>(_ part: WritableKeyPath<Whole, Settings>) -> Option<Whole> {
    var option = Option<Whole>(name: name, values: values, help: help) {
      (whole, words) throws(UsageError) in try apply(&whole[keyPath: part], words)
    }
    option.attachment = attachment
    return option
  }

  /// A switch that may have a value attached.
  static func attaching(
    _ name: String, _ value: String, help: String,
    apply: @escaping (inout Settings, _ value: String?) throws(UsageError) -> Void
  ) -> Option {
    var option = Option(name: name, values: [], help: help) {
      (settings, words) throws(UsageError) in try apply(&settings, words.first)
    }
    option.attachment = value
    return option
  }

  /// An option of one value that `parse` reads.
  init<Value>(
    _ name: String, _ value: String, help: String, _ target: WritableKeyPath<Settings, Value>,
    _ parse: @escaping (String) throws(UsageError) -> Value
  ) {
    self.init(name, value, help: help) { (settings, words) throws(UsageError) in
      do throws(UsageError) {
        settings[keyPath: target] = try parse(words[0])
      } catch {
        throw UsageError("\(name): \(error)")
      }
    }
  }
}

extension Option {
  /// Takes all words over into the settings; those that are no options into `operands`, if the command has any.
  static func parse(
    _ words: [String], with options: [Option], into settings: inout Settings,
    operands: WritableKeyPath<Settings, [String]>? = nil
  ) throws(UsageError) {
    var rest = words[...]
    while let word = rest.popFirst() {
      if let operands, word == "-" || !word.hasPrefix("-") {
        settings[keyPath: operands].append(word)
        continue
      }
      let (name, attached) = split(word)
      guard let option = options.first(where: { $0.name == name }) else {
        throw UsageError("unknown option \(word); --help lists what there is")
      }
      let values = try option.values(attached: attached, from: &rest)
      try option.apply(&settings, values)
    }
  }

  /// `--name=value` in two parts.
  private static func split(_ word: String) -> (name: String, attached: String?) {
    guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else { return (word, nil) }
    return (String(word[..<equals]), String(word[word.index(after: equals)...]))
  }

  private func values(
    attached: String?, from rest: inout ArraySlice<String>
  ) throws(UsageError) -> [String] {
    var words = attached.map { [$0] } ?? []
    while words.count < values.count, let next = rest.first, !next.hasPrefix("--") {
      words.append(next)
      rest.removeFirst()
    }
    if attachment != nil { return words }
    guard words.count == values.count else {
      let wanted = values.isEmpty ? "no value" : values.joined(separator: " ")
      throw UsageError("\(name): expected \(wanted), got \(words.isEmpty ? "nothing" : "\(words)")")
    }
    return words
  }

  /// The options as lines of help: spelling on the left, explanation on the right.
  static func help(_ options: [Option]) -> String {
    let spellings = options.map { option in
      let attachment = option.attachment.map { "[=\($0)]" } ?? ""
      return ([option.name + attachment] + option.values).joined(separator: " ")
    }
    let width = (spellings.map(\.count).max() ?? 0) + 2
    return zip(spellings, options).map { spelling, option in
      let lines = option.help.split(separator: "\n").flatMap {
        Format.wrapped($0, columns: 98 - width)
      }
      let gap = String(repeating: " ", count: width + 2)
      return "  " + spelling + String(repeating: " ", count: width - spelling.count)
        + lines.joined(separator: "\n" + gap)
    }.joined(separator: "\n")
  }
}
