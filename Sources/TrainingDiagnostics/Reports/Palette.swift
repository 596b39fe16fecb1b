/// Colours by what they are for, on pages and in pictures, where light is looked at and where dark is.
enum Palette {
  /// Which of the two somebody looks at.
  enum Scheme {
    case light, dark
  }

  private static let colors: KeyValuePairs = [
    "paper": ("#fbfaf8", "#14171b"), "card": ("#ffffff", "#1b1f25"), "ink": ("#1c2127", "#e9ebee"),
    "soft": ("#5a6470", "#a5aeb9"), "faint": ("#8b94a0", "#7c8693"), "line": ("#e6e3dd", "#2c323a"),
    "grid": ("#eceae5", "#262b33"), "accent": ("#2f5fd0", "#86a8ff"),
    "second": ("#c76a12", "#f0a35a"), "third": ("#2a8a74", "#62c9b0"),
    "fault": ("#c02636", "#ff7b85"), "fault-tint": ("#fdf0f0", "#2c1d21"),
    "warning": ("#96630a", "#e8b65c"), "warning-tint": ("#fdf6e7", "#2a241a"),
    "note": ("#56657a", "#9fb0c6"), "note-tint": ("#f1f4f8", "#1f252d"),
    "healthy": ("#237a4b", "#6fcf97"), "treated": ("#237a4b", "#6fcf97"),
    "zero": ("#d3d0c9", "#434b56"),
  ]
  private static let byName = Dictionary(
    uniqueKeysWithValues: colors.map { ($0.key, $0.value) })

  /// The curves of a plot of few.
  static let curves = ["accent", "second", "third"]
  /// From the first layer to the last one.
  static let depth = ["accent", "third", "second"]
  /// Even steps from dark to light, told apart without seeing red or green: viridis.
  static let heat = [
    "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30",
    "#fde725",
  ]
  /// Owners of memory, told apart without seeing red or green.
  static let owners = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999",
  ]

  /// The colour of a name.
  static func color(_ name: String, in scheme: Scheme) -> String {
    let (light, dark) = byName[name]!
    return scheme == .light ? light : dark
  }

  /// All colours as properties of a style sheet.
  static func properties(in scheme: Scheme) -> String {
    colors.map { "--\($0.key): \(color($0.key, in: scheme));" }.joined(separator: " ")
  }

  /// The colour at a share of the way along several.
  static func mixed(_ stops: [String], at share: Double) -> String {
    let place = min(max(share, 0), 1) * Double(stops.count - 1)
    let before = min(Int(place), stops.count - 2)
    let (low, high) = (channels(stops[before]), channels(stops[before + 1]))
    let parts = zip(low, high).map { low, high in
      Int((low + (place - Double(before)) * (high - low)).rounded())
    }
    return "#" + parts.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func channels(_ color: String) -> [Double] {
    let number = Int(color.dropFirst(), radix: 16) ?? 0
    return [16, 8, 0].map { Double(number >> $0 & 0xFF) }
  }

  /// Names or colours as a list of the page's script.
  static func inScript(_ list: [String]) -> String {
    "[" + list.map(\.inJSON).joined(separator: ", ") + "]"
  }
}
