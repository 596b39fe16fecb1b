/// A line on a terminal that is written over and does not stay; nothing where nobody is watching.
struct LiveLine {
  private let isTerminal = Console.isTerminal
  private var lastShown: ContinuousClock.Instant?

  /// Whether somebody is watching, and has not been shown a text a moment ago; the next is shown now.
  mutating func isDue() -> Bool {
    guard isTerminal else { return false }
    let now = ContinuousClock.now
    if let lastShown, now - lastShown < .milliseconds(100) { return false }
    lastShown = now
    return true
  }

  /// Shows a text where one is due.
  mutating func show(_ text: @autoclosure () -> String) {
    if isDue() { showAtOnce(text()) }
  }

  /// Shows a text that the next may be long in coming after. It is not wrapped, because only the last part of a wrapped
  /// line could be written over.
  func showAtOnce(_ text: String) {
    if isTerminal { Console.write("\r\u{1B}[2K\u{1B}[?7l\(text)\u{1B}[?7h") }
  }

  /// Takes away what is shown.
  func clear() {
    if isTerminal { Console.write("\r\u{1B}[2K") }
  }
}
