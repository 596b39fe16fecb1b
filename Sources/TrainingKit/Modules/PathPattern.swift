/// Names joined by dots, where `*` stands for any characters within a name and `**` for any number of names.
struct PathPattern: Sendable {
  private let names: [Substring]

  init(_ pattern: String) {
    names = pattern.split(separator: ".", omittingEmptySubsequences: false)
  }

  func matches(_ path: String) -> Bool {
    TrainingKit.matches(
      path.split(separator: ".", omittingEmptySubsequences: false)[...], names[...])
  }
}

/// Whether a path matches names of a pattern.
private func matches(_ path: ArraySlice<Substring>, _ pattern: ArraySlice<Substring>) -> Bool {
  guard let name = pattern.first else { return path.isEmpty }
  let rest = pattern.dropFirst()
  if name == "**" {
    return matches(path, rest) || (!path.isEmpty && matches(path.dropFirst(), pattern))
  }
  guard let first = path.first, matches(first, name) else { return false }
  return matches(path.dropFirst(), rest)
}

/// Whether a name matches a pattern in which `*` stands for any characters.
private func matches(_ name: Substring, _ pattern: Substring) -> Bool {
  guard let character = pattern.first else { return name.isEmpty }
  let rest = pattern.dropFirst()
  if character == "*" {
    return matches(name, rest) || (!name.isEmpty && matches(name.dropFirst(), pattern))
  }
  return name.first == character && matches(name.dropFirst(), rest)
}
