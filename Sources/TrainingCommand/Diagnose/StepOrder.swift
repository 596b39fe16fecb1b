/// Whether the steps of a log run backwards, as those of a log do that a resumed run was appended to.
struct StepOrder {
  private var last: Int?
  private var records = 0
  private var first: (from: Int, to: Int, record: Int)?
  private var count = 0

  /// Takes the number of the next record's step.
  mutating func note(_ step: Int) {
    records += 1
    if let last, step < last {
      count += 1
      first = first ?? (last, step, records)
    }
    last = step
  }

  /// What is to be said; nil where steps only go on.
  var words: String? {
    guard let first else { return nil }
    let more = count == 1 ? "" : ", and back \(count - 1) more time\(count == 2 ? "" : "s")"
    return "steps go back from \(first.from) to \(first.to) at record \(first.record)\(more): "
      + "a run that was resumed, or several in one file; they are read as one run, in the order of the file"
  }
}
