/// What a layer or an activation function put out over the steps that were looked at.
struct ActivationCourse {
  /// Which one it is.
  struct Key: Hashable {
    let path: String
    let operation: String?

    /// For people.
    var name: String {
      (path.isEmpty ? "the model" : path) + (operation.map { " " + $0 } ?? "")
    }
  }

  let key: Key
  private(set) var steps: [Int] = []
  private(set) var levels: [Double] = []
  private(set) var last: ActivationDetails?

  init(key: Key) { self.key = key }

  /// Where it comes from, and how it went.
  struct Output: Hashable {
    let path: String
    let levels: [UInt64]
  }

  /// Its size over the steps as a path that is 96 wide and 22 high; nil where there is one step only.
  var path: String? {
    levels.count > 1 ? Sparkline(levels, columns: 40).path(width: 96, height: 22) : nil
  }

  var output: Output { Output(path: key.path, levels: levels.map(\.bitPattern)) }

  /// Adds what was seen at a step; of several calls at the same one the last is kept.
  mutating func append(_ seen: ActivationDetails, at step: Int) {
    if steps.last == step {
      steps.removeLast()
      levels.removeLast()
    }
    steps.append(step)
    levels.append(seen.rms ?? .nan)
    last = seen
  }

  /// What is wrong with the last output, by the columns that show it.
  var complaints: [ActivationColumn: String] {
    guard let last else { return [:] }
    var found: [ActivationColumn: String] = [:]
    if last.nonFiniteCount > 0 {
      found[.level] = "\(last.nonFiniteCount) values are NaN or infinite"
    } else if let rms = last.rms, rms < 1e-6 {
      found[.level] = rms == 0 ? "nothing is left of the signal" : "the signal has vanished"
    } else if let rms = last.rms, rms > 1e4 {
      found[.level] = "the signal has exploded"
    }
    if last.largest > 65_504 { found[.largest] = "more than float16 can hold" }
    if last.zeroShare > 0.95 { found[.zeros] = "nearly all values are 0" }
    if let dead = last.deadShare, dead > 0.5 {
      found[.dead] = "most units are 0 for the whole batch"
    }
    if let saturated = last.saturatedShare, saturated > 0.5 {
      found[.saturated] = "most values are at the ends of their range"
    }
    if let score = last.largestScore, score > 50 {
      found[.score] = "scores are so far apart that a softmax sees one key only"
    }
    return found
  }
}

/// A column of the table of activations.
enum ActivationColumn: String, CaseIterable {
  case level = "rms"
  case largest
  case zeros = "zero"
  case dead
  case saturated
  case score = "largest score"
  case entropy

  /// What it tells of an output; nil for nothing.
  func text(of seen: ActivationDetails) -> String? {
    switch self {
    case .level: seen.rms.map(\.shortened) ?? "not finite"
    case .largest: seen.largest.shortened
    case .zeros: seen.zeroShare.inPercent
    case .dead: seen.deadShare.map(\.inPercent)
    case .saturated: seen.saturatedShare.map(\.inPercent)
    case .score: seen.largestScore.map(\.shortened)
    case .entropy: seen.attentionEntropy.map(\.inPercent)
    }
  }
}

/// How layers are, a row each.
struct ActivationTable {
  let courses: [ActivationCourse]
  /// How many there are, shown or not.
  let count: Int
  /// The last step that was looked at.
  let last: Int

  var html: String {
    """
    <div class="panel health">
    <h3>\(Plot.activations.title) <span>\(heading)</span></h3>
    <table>
    <thead><tr><th scope="col">output of</th><th scope="col">rms over steps</th>\(heads)</tr></thead>
    <tbody>
    \(courses.map(row).joined(separator: "\n"))
    </tbody>
    </table>
    </div>
    """
  }

  /// What is shown of what there is.
  var heading: String {
    "at step \(last)" + (courses.count < count ? ", \(courses.count) of \(count) outputs" : "")
  }

  /// The columns that tell anything.
  var columns: [ActivationColumn] {
    ActivationColumn.allCases.filter { column in
      courses.contains { course in course.last.flatMap(column.text) != nil }
    }
  }

  private var heads: String {
    columns.map { "<th scope=\"col\">\($0.rawValue)</th>" }.joined()
  }

  private func row(_ course: ActivationCourse) -> String {
    let complaints = course.complaints
    let cells = columns.map { cell($0, course, isIll: complaints[$0] != nil) }.joined()
    let words = sentence(complaints)
    let complaint = words.isEmpty ? "" : " <small>\(words)</small>"
    let operation = course.key.operation.map { " <em>\($0.inMarkup)</em>" } ?? ""
    let path = course.key.path.isEmpty ? "the model" : course.key.path.inBreakableMarkup
    return """
      <tr\(complaints.isEmpty ? "" : " class=\"sick\"")><th scope="row"><bdi>\(path)</bdi>\(operation)\(complaint)</th>\
      <td class="course">\(sparkline(course))</td>\(cells)</tr>
      """
  }

  /// Complaints in the order of the columns.
  func sentence(_ complaints: [ActivationColumn: String]) -> String {
    columns.compactMap { complaints[$0] }.joined(separator: "; ").capitalizedSentence
  }

  private func cell(_ column: ActivationColumn, _ course: ActivationCourse, isIll: Bool) -> String {
    guard let text = course.last.flatMap(column.text) else { return "<td class=\"none\"></td>" }
    let state = isIll ? " class=\"ill\"" : ""
    return "<td data-label=\"\(column.rawValue)\"\(state)>\(text)</td>"
  }

  private func sparkline(_ course: ActivationCourse) -> String {
    guard let path = course.path else { return "" }
    return "<svg viewBox=\"0 0 96 22\" aria-hidden=\"true\"><path d=\"\(path)\"/></svg>"
  }
}

extension Double {
  /// A share in percent.
  fileprivate var inPercent: String {
    self > 0 && self < 0.001 ? "< 0.1 %" : "\((self * 100).tenths.shortened) %"
  }
}
