/// Makes steps of the numbers of rows: by their step, or that of the row before; where no row has one by their
/// epoch, else by their place.
struct RowNumbers: Sendable {
  private var rows = 0
  private var last: Int?

  /// The step of a row; nil when nothing that counts is in it.
  mutating func record(_ values: [(Column, Double)]) -> StepRecord? {
    var record = StepRecord(step: rows)
    var (step, epoch) = (Double?.none, Double?.none)
    for (column, value) in values {
      switch column {
      case .step: step = step ?? value
      case .epoch: epoch = value
      case .skipped: record.skip = value > 0 ? .overflow : record.skip
      case .quantity(let quantity): record[quantity] = record[quantity] ?? value
      }
    }
    if record.isEmpty { return nil }
    defer { rows += 1 }
    if let step = step.flatMap(RowNumbers.whole) {
      (last, record.step) = (step, step)
    } else if let last {
      record.step = last
    } else if let epoch, epoch.rounded() == epoch, let whole = RowNumbers.whole(epoch) {
      record.step = whole
    }
    return record
  }

  /// The number of a step that a file has, where an `Int` can hold it.
  static func whole(_ value: Double) -> Int? { Int(exactly: value.rounded(.down)) }
}
