public import TrainingKit

/// Whether no example of the training data is in the held-out data, too.
///
///     PreflightCatalog.standard + [ExamplesAreApart(training.all.x, heldOut.all.x)]
///
/// - Finds: held-out examples that are in the training data to the bit, where copies are rarer within the training
///   data. It is not in the catalog, as it takes two data sets.
public struct ExamplesAreApart: PreflightCheck {
  /// `held-out`
  public static let name = "held-out"
  /// What it finds of a healthy run.
  public static let statement = "held-out examples are not in the training data"
  private let training, heldOut: Tensor

  /// Creates the check of the inputs of two data sets, one example a row.
  public init(_ training: Tensor, _ heldOut: Tensor) {
    (self.training, self.heldOut) = (training, heldOut)
  }

  /// Compares all rows.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let (own, rows) = (ExampleKeys(training).keys, ExampleKeys(heldOut).keys)
    let known = Set(own)
    let share = Double(rows.count { known.contains($0) }) / Double(max(rows.count, 1))
    // Rows of few values are alike by chance, within a set as well.
    let chance = 1 - Double(known.count) / Double(max(own.count, 1))
    guard share > 0.01, share > 3 * chance else { return [] }
    return [
      subject.finding(
        .repeatedExamples, .dataLeak, share > 0.2 ? .fault : .warning, 0.95,
        ["share": share, "share_within_training": chance, "held_out": Double(rows.count)],
        remedy:
          "take the shared examples out of one of the sets before splitting: held-out results flatter the model",
        place: "held-out data")
    ]
  }
}

/// A number for each row of a tensor; rows that are alike have the same.
struct ExampleKeys {
  let keys: [Int]

  init(_ x: Tensor) {
    let count = x.rank == 0 ? 0 : x.shape[0]
    let width = count == 0 ? 0 : x.count / count
    let values = x.elements(Double.self)
    keys = (0..<count).map { row in
      var hasher = Hasher()
      for value in values[(row * width)..<((row + 1) * width)] { hasher.combine(value) }
      return hasher.finalize()
    }
  }
}
