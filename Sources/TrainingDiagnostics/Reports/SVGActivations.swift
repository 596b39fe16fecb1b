/// How layers are, a row each: the course of their size, and what is known of the last output.
struct SVGActivations: SVGDrawing {
  private static let top = 84.0
  private static let column = 86.0

  private let table: ActivationTable
  private let rows: [Row]

  /// An output, and where its row begins.
  private struct Row {
    let course: ActivationCourse
    let y: Double
    let complaints: [ActivationColumn: String]
  }

  init(table: ActivationTable) {
    self.table = table
    var y = Self.top
    rows = table.courses.map { course in
      let complaints = course.complaints
      defer { y += complaints.isEmpty ? 26 : 42 }
      return Row(course: course, y: y, complaints: complaints)
    }
    bottom = y - 20
  }

  let bottom: Double

  var summary: String {
    let ill = rows.filter { !$0.complaints.isEmpty }.map(\.course.key.name)
    return "\(rows.count) outputs \(table.heading)"
      + (ill.isEmpty ? "" : ", something is wrong with " + ill.joined(separator: ", "))
  }

  func curveColors(in scheme: Palette.Scheme) -> [String] { [Palette.color("accent", in: scheme)] }

  var elements: [String] { [head] + rows.map(element) }

  private func x(_ column: Int) -> Double {
    936 - Self.column * Double(table.columns.count - 1 - column)
  }

  /// The left end of the curves.
  private var courses: Double { x(0) - 176 }

  private var head: String {
    let heads = table.columns.enumerated().map { number, column in
      "<text class=\"soft\" x=\"\(x(number))\" y=\"66\" text-anchor=\"end\">\(column.rawValue)</text>"
    }
    return """
      <text class="soft" x="142" y="34">\(table.heading)</text>
      <text class="soft" x="24" y="66">output of</text>
      <text class="soft" x="\(courses)" y="66">rms over steps</text>
      \(heads.joined(separator: "\n"))
      """
  }

  private func element(_ row: Row) -> String {
    let baseline = row.y + 17
    // Letters of this size are about 7 wide.
    let name = row.course.key.name.shortened(to: Int((courses - 40) / 7))
    let cells = table.columns.enumerated().map { number, column in
      let text = row.course.last.flatMap(column.text) ?? ""
      let look =
        row.complaints[column] == nil ? "class=\"ink\"" : "class=\"ill\" font-weight=\"700\""
      return
        "<text \(look) x=\"\(x(number))\" y=\"\(baseline)\" text-anchor=\"end\">\(text.inMarkup)</text>"
    }
    let complaint =
      row.complaints.isEmpty
      ? ""
      : "<text class=\"ill\" x=\"24\" y=\"\(baseline + 16)\" font-size=\"12\">"
        + "\(table.sentence(row.complaints).inMarkup)</text>"
    return """
      <path class="grid" d="M24 \(row.y)H936"/>\
      <text class="ink" x="24" y="\(baseline)">\(name.inMarkup)</text>\(complaint)\
      \(curve(row))\(cells.joined())
      """
  }

  private func curve(_ row: Row) -> String {
    guard let path = row.course.path else { return "" }
    return "<path class=\"curve c0\" stroke-width=\"1.5\" "
      + "transform=\"translate(\(courses) \(row.y + 2))\" d=\"\(path)\"/>"
  }
}
