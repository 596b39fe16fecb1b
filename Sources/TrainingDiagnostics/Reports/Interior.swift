/// What was seen inside the model of a run, as a page shows it: over the steps that were looked at, in few enough of
/// them and of the parameters.
struct Interior {
  private let looks: [(step: Int, details: StepDetails)]
  private let limits: Limits

  /// How much of it is shown.
  struct Limits {
    var steps = 200
    var rows = 60
  }

  /// Takes what a record knows; nil where nobody looked inside.
  init?(_ record: RunRecord, limits: Limits = Limits()) {
    let looks = record.steps.compactMap { step in step.details.map { (step.step, $0) } }
    guard !looks.isEmpty else { return nil }
    self.looks = looks.spread(over: limits.steps) { $0.1.isSick }
    self.limits = limits
  }

  /// The gradients of parameters, matrices before vectors; nil where none was seen.
  var gradients: ParameterGrid? {
    let courses = parameters
    let (matrices, vectors) = (courses.filter(\.isMatrix), courses.filter { !$0.isMatrix })
    let shown = matrices.spread(over: limits.rows, favoring: \.isSick)
    let others = vectors.spread(over: limits.rows - shown.count, favoring: \.isSick)
    let rows = (shown + others).map { course in
      ParameterGrid.Row(path: course.path, values: course.looks.map { $0?.gradientLevel })
    }
    return ParameterGrid(
      steps: looks.map(\.step), rows: rows, matrices: shown.count, count: courses.count)
  }

  /// How far matrices were moved; nil where none was.
  var updateRatios: ParameterGrid? {
    let matrices = parameters.filter { course in
      course.isMatrix && course.looks.contains { $0?.updateRatio != nil }
    }
    let rows = matrices.spread(over: limits.rows, favoring: \.isSick).map { course in
      ParameterGrid.Row(path: course.path, values: course.looks.map { $0?.updateRatio })
    }
    return ParameterGrid(
      steps: looks.map(\.step), rows: rows, matrices: rows.count, count: matrices.count)
  }

  /// The memory after steps; nil where nobody asked for it.
  var memory: MemoryCourse? {
    MemoryCourse(looks.compactMap { look in look.details.memory.map { (look.step, $0) } })
  }

  /// What layers put out; nil where none was seen.
  var activations: ActivationTable? {
    let kinds = looks.map { look in
      look.details.activations.map { ActivationCourse.Key(path: $0.path, operation: $0.operation) }
    }
    var order: [ActivationCourse.Key: Int] = [:]
    for key in kinds.joined() where order[key] == nil { order[key] = order.count }
    var courses = order.sorted { $0.value < $1.value }.map { ActivationCourse(key: $0.key) }
    for (look, keys) in zip(looks, kinds) {
      for (seen, key) in zip(look.details.activations, keys) {
        courses[order[key]!].append(seen, at: look.step)
      }
    }
    // What a module of one operation puts out is what the operation does.
    let operations = Set(courses.filter { $0.key.operation != nil }.map(\.output))
    courses.removeAll { $0.key.operation == nil && operations.contains($0.output) }
    guard !courses.isEmpty else { return nil }
    let shown = courses.spread(over: limits.rows) { !$0.complaints.isEmpty }
    return ActivationTable(courses: shown, count: courses.count, last: looks.last!.step)
  }

  /// Each parameter over the steps, in the order of the model.
  private var parameters: [ParameterCourse] {
    var places: [String: Int] = [:]
    var courses: [ParameterCourse] = []
    for (column, look) in looks.enumerated() {
      for seen in look.details.parameters {
        let place = places[seen.path] ?? courses.count
        if place == courses.count {
          places[seen.path] = place
          courses.append(ParameterCourse(seen, columns: looks.count))
        }
        courses[place].looks[column] = seen
      }
    }
    return courses
  }
}

/// A parameter over the steps that were looked at.
private struct ParameterCourse {
  let path: String
  let isMatrix: Bool
  var looks: [ParameterDetails?]

  init(_ seen: ParameterDetails, columns: Int) {
    (path, isMatrix) = (seen.path, seen.rank >= 2)
    looks = Array(repeating: nil, count: columns)
  }

  var isSick: Bool { looks.contains { ($0?.gradientNonFiniteCount ?? 0) > 0 } }
}

/// A number of each of several parameters at each of several steps.
struct ParameterGrid {
  /// A parameter; nil where the number is not known.
  struct Row {
    let path: String
    let values: [Double?]
  }

  let steps: [Int]
  let rows: [Row]
  /// How many of the rows, the first ones, are of matrices.
  let matrices: Int
  /// How many parameters there are, shown or not.
  let count: Int

  /// Takes rows; nil where there is none.
  init?(steps: [Int], rows: [Row], matrices: Int, count: Int) {
    guard !rows.isEmpty else { return nil }
    (self.steps, self.rows, self.matrices, self.count) = (steps, rows, matrices, count)
  }

  /// What the numbers span, for those who cannot see them.
  var summary: String {
    let values = rows.flatMap(\.values).compactMap(\.self)
    let positive = values.filter { $0 > 0 && $0.isFinite }
    let lost = values.count { !$0.isFinite }
    let text = "\(rows.count) parameters at \(steps.count) steps"
    guard let low = positive.min(), let high = positive.max() else { return text }
    return text + ", from \(low.shortened) to \(high.shortened)"
      + (lost == 0 ? "" : "; \(lost) not finite")
  }

  /// The colours of the numbers.
  var heat: HeatScale { HeatScale(rows.flatMap(\.values).compactMap(\.self)) }
}

/// Which numbers have the first and the last of several colours; those between them by their logarithms.
struct HeatScale {
  /// The numbers at the ends, which one in a hundred lies beyond; nil where none is above zero.
  let ends: (lowest: Double, highest: Double)?
  /// The logarithms of the ends.
  let low, high: Double

  init(_ values: [Double]) {
    let sizes = values.filter { $0 > 0 && $0.isFinite }.sorted()
    guard !sizes.isEmpty else {
      (ends, low, high) = (nil, -0.5, 0.5)
      return
    }
    let (first, last) = (sizes[sizes.count / 100], sizes[sizes.count - 1 - sizes.count / 100])
    // Numbers that hardly differ lie in the middle.
    let room = last < 1.6 * first ? 10.0.squareRoot() : 1
    let (lowest, highest) = (first / room, last * room)
    ends = (lowest, highest)
    (low, high) = (lowest.decimalLogarithm, highest.decimalLogarithm)
  }

  /// The share of the way from the first colour to the last one.
  func share(of value: Double) -> Double {
    min(max((value.decimalLogarithm - low) / (high - low), 0), 1)
  }
}

/// The memory in use after steps, by owners.
struct MemoryCourse {
  let steps: [Int]
  /// The owners with the bytes of each at each step, those with the most first.
  let owners: [(name: String, values: [Int])]
  let peaks: [Int]

  /// Who has how much in the end, for those who cannot see it.
  var summary: String {
    "last: " + owners.map { "\($0.name) \($0.values.last ?? 0) bytes" }.joined(separator: ", ")
  }

  /// The bytes of each owner at each step together with those of the owners before it.
  var tops: [[Int]] {
    var sums = [Int](repeating: 0, count: steps.count)
    return owners.map { owner in
      sums = zip(sums, owner.values).map { $0 + $1 }
      return sums
    }
  }

  /// More owners than this are told in one.
  private static let limit = 8

  init?(_ looks: [(step: Int, memory: MemoryDetails)]) {
    guard !looks.isEmpty else { return nil }
    let bills = looks.map { look in
      look.memory.byOwner.isEmpty ? ["in use": look.memory.live] : look.memory.byOwner
    }
    let totals = bills.reduce(into: [:]) {
      $0.merge($1.mapValues(Double.init), uniquingKeysWith: +)
    }
    let names = totals.filter { $0.value > 0 }.sorted {
      $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value
    }.map(\.key)
    let isLong = names.count > Self.limit
    let own = names.prefix(isLong ? Self.limit - 1 : Self.limit)
    let others = names.dropFirst(own.count)
    (steps, peaks) = (looks.map(\.step), looks.map(\.memory.peak))
    owners =
      own.map { name in (name, bills.map { $0[name] ?? 0 }) }
      + (isLong
        ? [("others", bills.map { bill in others.reduce(0) { $0 + (bill[$1] ?? 0) } })] : [])
    if owners.isEmpty { return nil }
  }
}

extension ParameterDetails {
  /// The size of the gradient; NaN where it is not finite, nil where there is none.
  fileprivate var gradientLevel: Double? { gradientNonFiniteCount > 0 ? .nan : gradientRMS }
}

extension StepDetails {
  /// Whether a gradient or an output was not finite.
  fileprivate var isSick: Bool {
    parameters.contains { $0.gradientNonFiniteCount > 0 }
      || activations.contains { $0.nonFiniteCount > 0 }
  }
}

extension Array {
  /// So many elements at most, evenly spaced, with the first and the last.
  fileprivate func spread(over limit: Int) -> [Element] {
    guard count > limit else { return self }
    guard limit > 1 else { return Array(prefix(limit)) }
    return (0..<limit).map { self[$0 * (count - 1) / (limit - 1)] }
  }

  /// So many elements at most, in their order: those that tell most, up to a half, and evenly spaced others.
  fileprivate func spread(over limit: Int, favoring isTelling: (Element) -> Bool) -> [Element] {
    guard count > limit else { return self }
    let telling = Set(indices.filter { isTelling(self[$0]) }.spread(over: limit / 2))
    let others = indices.filter { !telling.contains($0) }.spread(over: limit - telling.count)
    return (telling + others).sorted().map { self[$0] }
  }
}
