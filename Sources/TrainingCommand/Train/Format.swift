#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Numbers and times as people read them.
enum Format {
  static func fixed(_ value: Double, _ digits: Int) -> String { c("%.\(digits)f", value) }

  static func significant(_ value: Double, _ digits: Int = 3) -> String {
    c("%.\(digits)g", value)
  }

  static func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }

  /// 4.2 s, 3:05 min, 2:10 h.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "?" }
    let whole = Int(seconds)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 60 { return fixed(seconds, 1) + " s" }
    if whole < 3600 { return "\(whole / 60):\(two(whole % 60)) min" }
    return "\(whole / 3600):\(two(whole / 60 % 60)) h"
  }

  /// The words in lines of at most so many columns.
  static func wrapped(_ text: some StringProtocol, columns: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= columns {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  private static func c(_ format: String, _ value: Double) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      _ = withVaList([value]) { vsnprintf(buffer.baseAddress!, buffer.count, format, $0) }
      return String(cString: buffer.baseAddress!)
    }
  }
}
