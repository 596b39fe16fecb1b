#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Standard output and standard error, unbuffered: what is written is seen, in this order.
enum Console {
  /// Whether standard output is a terminal, before somebody's eyes.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Whether the locale tells that characters beyond ASCII can be shown.
  static var isUnicode: Bool {
    let names: [String] = ["LC_ALL", "LC_CTYPE", "LANG"]
    let values = names.map { name in getenv(name).map { String(cString: $0) } ?? "" }
    let locale = values.first { !$0.isEmpty }?.lowercased() ?? ""
    return locale.contains("utf-8") || locale.contains("utf8")
  }

  static func print(_ line: String) { write(line + "\n") }

  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

  static func warn(_ text: String) { write("training: warning: \(text)\n", to: STDERR_FILENO) }

  static func report(_ error: any Error) { write("training: \(error)\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { system(descriptor, $0.baseAddress!, $0.count) }
      if count < 0, errno != EINTR { return }
      rest = rest.dropFirst(max(0, count))
    }
  }

  private static func system(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    #if canImport(Darwin)
      Darwin.write(descriptor, bytes, count)
    #else
      Glibc.write(descriptor, bytes, count)
    #endif
  }
}
