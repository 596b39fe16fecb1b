internal import TrainingKit

/// A picture of what memory is in use for from event to event.
struct TimelinePicture {
  private let timeline: MemoryTimeline
  private let title: String
  private let width = 960.0
  private let height = 460.0
  private let left = 78.0
  private let right = 150.0
  private let top = 52.0
  private let bottom = 44.0
  private let columns = 700

  init(_ timeline: MemoryTimeline, title: String) {
    (self.timeline, self.title) = (timeline, title)
  }

  private static let colors: [(owner: MemoryOwner, color: String)] = [
    (.weights, "#4269d0"), (.optimizer, "#3ca951"), (.average, "#9498a0"), (.casts, "#6cc5b0"),
    (.gradients, "#efb118"), (.user, "#9c6b4e"), (.activations, "#ff725c"),
    (.workspace, "#a463f2"),
  ]

  /// The picture as a file.
  var svg: String {
    let bills = bills
    let owners = Self.colors.filter { each in bills.contains { $0[each.owner] > 0 } }
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" "
        + "font-family=\"system-ui, sans-serif\" font-size=\"13\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      "<text x=\"\(left)\" y=\"26\" font-size=\"16\" font-weight=\"600\">\(escaped(title))</text>",
    ]
    lines += grid
    lines += areas(bills, owners.map(\.owner))
    lines += peak
    lines += legend(owners)
    return lines.joined(separator: "\n") + "\n</svg>\n"
  }

  /// One bill a column: the largest of its events.
  private var bills: [MemoryBill] {
    let count = min(columns, timeline.live.count)
    let events = (0..<count).map { column in
      let range = timeline.live.count * column / count..<timeline.live.count * (column + 1) / count
      return range.max { timeline.live[$0] < timeline.live[$1] }!
    }
    return timeline.bills(at: events)
  }

  private func x(_ share: Double) -> Double { left + share * (width - left - right) }

  private func y(_ bytes: Double) -> Double {
    height - bottom - bytes / Double(max(timeline.peak, 1)) * (height - top - bottom)
  }

  private func areas(_ bills: [MemoryBill], _ owners: [MemoryOwner]) -> [String] {
    var floor = [Int](repeating: 0, count: bills.count)
    return owners.map { owner in
      let ceiling = zip(floor, bills).map { $0 + $1[owner] }
      defer { floor = ceiling }
      let color = Self.colors.first { $0.owner == owner }!.color
      let path = (points(ceiling) + points(floor).reversed()).joined(separator: " ")
      return "<polygon fill=\"\(color)\" points=\"\(path)\"/>"
    }
  }

  private func points(_ ceiling: [Int]) -> [String] {
    ceiling.enumerated().map { column, bytes in
      let share = Double(column) / Double(max(1, ceiling.count - 1))
      return "\(rounded(x(share))),\(rounded(y(Double(bytes))))"
    }
  }

  private var grid: [String] {
    (0...4).flatMap { quarter -> [String] in
      let bytes = Double(timeline.peak) * Double(quarter) / 4
      let height = rounded(y(bytes))
      return [
        "<line x1=\"\(left)\" x2=\"\(width - right)\" y1=\"\(height)\" y2=\"\(height)\" "
          + "stroke=\"#ddd\"/>",
        "<text x=\"\(left - 8)\" y=\"\(height + 4)\" text-anchor=\"end\" fill=\"#555\">"
          + "\(ByteCount(Int(bytes)))</text>",
      ]
    }
  }

  private var peak: [String] {
    let share = Double(timeline.peakEvent) / Double(max(1, timeline.live.count - 1))
    let place = timeline.peakHolding.map { " of \($0.operation)" + inPath($0.path) } ?? ""
    let anchor = share > 0.5 ? "end" : "start"
    return [
      "<line x1=\"\(rounded(x(share)))\" x2=\"\(rounded(x(share)))\" y1=\"\(top - 6)\" "
        + "y2=\"\(height - bottom)\" stroke=\"#222\" stroke-dasharray=\"4 3\"/>",
      "<text x=\"\(rounded(x(share)))\" y=\"\(top - 10)\" text-anchor=\"\(anchor)\">"
        + escaped("\(ByteCount(timeline.peak)) at the request\(place)") + "</text>",
      "<text x=\"\(left)\" y=\"\(height - 16)\" fill=\"#555\">two steps, "
        + "\(timeline.live.count) requests and returns of memory</text>",
    ]
  }

  private func inPath(_ path: String?) -> String {
    path.map { $0.isEmpty ? "" : " in \($0)" } ?? ""
  }

  private func legend(_ owners: [(owner: MemoryOwner, color: String)]) -> [String] {
    owners.reversed().enumerated().flatMap { row, each -> [String] in
      let y = top + 8 + Double(row) * 24
      let x = width - right + 18
      return [
        "<rect x=\"\(x)\" y=\"\(y)\" width=\"14\" height=\"14\" fill=\"\(each.color)\"/>",
        "<text x=\"\(x + 22)\" y=\"\(y + 12)\">\(each.owner)</text>",
      ]
    }
  }

  private func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }
}
