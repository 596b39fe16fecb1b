/// Makes steps of JSON objects.
struct JSONRows: Sendable {
  private var names = ColumnNames()
  private var numbers = RowNumbers()

  /// What rows without a step should have had, and what they have.
  var lack: (expected: String, got: String) {
    names.seen.isEmpty
      ? ("rows with numbers by their names, such as loss", "none")
      : (ColumnNames.expected, "the names \(ColumnNames.listed(names.seen))")
  }

  /// What is wrong with the value at a byte.
  struct Problem: Error {
    let expected, got: String
    let place: Int
  }

  /// The steps of an object at a byte: itself a row, or the rows of its `log_history`, or columns of numbers.
  mutating func steps(of value: JSONValue, at place: Int) throws(Problem) -> [StepRecord] {
    switch value {
    case .array(let elements):
      var steps: [StepRecord] = []
      for element in elements { steps += try self.steps(of: element.value, at: element.place) }
      return steps
    case .object(let members):
      if let history = members.first(where: { $0.name == "log_history" }) {
        return try steps(of: history.value, at: history.place)
      }
      if let columns = try columns(members) { return columns }
      return try row(members).map { [$0] } ?? []
    default: throw Problem(expected: "an object", got: "\(value)", place: place)
    }
  }

  private mutating func row(_ members: [JSONValue.Member]) throws(Problem) -> StepRecord? {
    let flat = JSONRows.flattened(members)
    // The last line of Hugging Face's history sums the run up, with its mean loss.
    let isSummary = flat.contains { $0.name == "train_runtime" }
    var values: [(Column, Double)] = []
    var hasNullLoss = false
    for (member, column) in zip(flat, names.columns(flat.map(\.name))) {
      guard let column, !(isSummary && column == .quantity(.trainLoss)) else { continue }
      if member.value == .null {
        hasNullLoss = hasNullLoss || column == .quantity(.loss)
      } else {
        values.append((column, try JSONRows.number(member)))
      }
    }
    if hasNullLoss, JSONRows.meansNaN(values) { values.append((.quantity(.loss), .nan)) }
    return numbers.record(values)
  }

  /// Whether a loss of null was measured: JSON writers without NaN put null for it, others for what was not measured.
  /// Then something else in the row was: an evaluation, or a finite norm.
  private static func meansNaN(_ values: [(Column, Double)]) -> Bool {
    !values.contains { column, value in
      switch column {
      case .quantity(.trainLoss), .quantity(.validationLoss): true
      case .quantity(.gradientNorm): value.isFinite
      default: false
      }
    }
  }

  private static func number(_ member: JSONValue.Member) throws(Problem) -> Double {
    switch member.value {
    case .number(let value): return value
    case .bool(let value): return value ? 1 : 0
    case .string(let text):
      if let value = Double(reported: Array(text.utf8)) { return value }
      fallthrough
    default:
      throw Problem(
        expected: "a number for \(member.name.utf8.unquotedExcerpt)", got: "\(member.value)",
        place: member.place)
    }
  }

  /// The members with those of objects among them, by a path of names.
  private static func flattened(_ members: [JSONValue.Member]) -> [JSONValue.Member] {
    members.flatMap { member -> [JSONValue.Member] in
      guard case .object(let inner) = member.value else { return [member] }
      return inner.map {
        .init(name: member.name + "/" + $0.name, value: $0.value, place: $0.place)
      }
    }
  }

  /// The rows of an object whose members are columns, as Keras' history is; nil when it is none.
  private mutating func columns(_ members: [JSONValue.Member]) throws(Problem) -> [StepRecord]? {
    var lists: [(name: String, values: [JSONValue.Element])] = []
    var taken: Set<String> = []
    for member in members where taken.insert(member.name).inserted {
      if case .array(let values) = member.value { lists.append((member.name, values)) }
    }
    let known = zip(lists, names.columns(lists.map(\.name))).filter { $0.1 != nil }.map(\.0)
    guard let count = known.map(\.values.count).max() else { return nil }
    var steps: [StepRecord] = []
    for place in 0..<count {
      let row = known.filter { place < $0.values.count }.map { list in
        let element = list.values[place]
        return JSONValue.Member(name: list.name, value: element.value, place: element.place)
      }
      steps += try self.row(row).map { [$0] } ?? []
    }
    return steps
  }
}
