/// The memory of owners, one upon the other.
struct SVGMemory: SVGDrawing {
  private let course: MemoryCourse
  private let legend: SVGLegend
  private let axes: SVGAxes
  private let unit: ByteUnit
  private let flags: SVGFlags

  init(_ course: MemoryCourse, flags: SVGFlags) {
    (self.course, self.flags) = (course, flags)
    var legend = SVGLegend()
    for (number, owner) in course.owners.enumerated() {
      let text = "\(owner.name.shortened(to: 30)) \(ByteUnit.text(owner.values.last ?? 0))"
      legend.add(text, patch: "fill=\"\(Palette.owners[number])\"")
    }
    let highest = course.tops.last?.max() ?? 0
    unit = ByteUnit(for: highest)
    let high = Double(highest) / unit.size
    axes = SVGAxes(
      legend.area, steps: course.steps,
      values: PlotAxis(showing: [0, high * 1.08], isLogarithmic: false, room: 0))
    self.legend = legend
  }

  var summary: String { course.summary }
  var bottom: Double { axes.area.bottom }

  var elements: [String] {
    let ticks = axes.values.ticks(about: 5).filter { $0 >= 0 }
    let grid = axes.grid(at: ticks) { $0 == 0 ? "0" : "\($0.shortened) \(unit.name)" }
    let flags = flags.elements(in: axes.area, x: axes.x)
    return grid + areas + flags.lines + flags.marks + legend.elements
  }

  private var areas: [String] {
    course.tops.enumerated().map { number, upper in
      let lower = number == 0 ? [] : course.tops[number - 1]
      let path = course.steps.rises.map { area(upper, lower, $0) }.joined()
      return "<path fill=\"\(Palette.owners[number])\" d=\"\(path)\">"
        + "<title>\(course.owners[number].name.inMarkup)</title></path>"
    }
  }

  /// The band between two heights over some steps. A single step is a bar.
  private func area(_ upper: [Int], _ lower: [Int], _ range: Range<Int>) -> String {
    func x(_ place: Int) -> Double { axes.x(course.steps[place]) }
    func y(_ heights: [Int], _ place: Int) -> Double {
      axes.y(heights.isEmpty ? 0 : Double(heights[place]) / unit.size)
    }
    if range.count == 1, let place = range.first {
      return "M\((x(place) - 4).tenths) \(y(lower, place))V\(y(upper, place))h8V\(y(lower, place))z"
    }
    let there = range.map { "\(x($0)) \(y(upper, $0))" }
    let back = range.reversed().map { "\(x($0)) \(y(lower, $0))" }
    return "M" + (there + back).joined(separator: "L") + "z"
  }
}

/// A unit in which bytes are told.
struct ByteUnit {
  let size: Double
  let name: String

  /// The largest unit of which there is one.
  init(for bytes: Int) {
    let names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    let power = names.indices.last { $0 == 0 || bytes >> (10 * $0) > 0 } ?? 0
    (size, name) = (Double(1 << (10 * power)), names[power])
  }

  /// Bytes in their unit.
  static func text(_ bytes: Int) -> String {
    let unit = ByteUnit(for: bytes)
    return "\((Double(bytes) / unit.size).shortened) \(unit.name)"
  }
}
