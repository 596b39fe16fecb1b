internal import TrainingKit

/// Whether inputs have a scale that a model can start with, and examples differ.
///
/// - Finds: values that are not finite; inputs whose level is above 10 or below 0.001; features of a table whose units
///   differ by more than 1,000; batches that are full of copies. A model that normalizes first is left alone.
public struct InputsAreNormalized: PreflightCheck {
  /// `inputs`
  public static let name = "inputs"
  /// What it finds of a healthy run.
  public static let statement = "inputs have a usual scale, and differ"

  /// Creates the check.
  public init() {}

  /// Looks at the inputs of all batches.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let first = subject.batches[0].x
    // Sequences may be of other lengths in each batch.
    let alike = subject.batches.map(\.x).filter {
      Array($0.shape.dropFirst()) == Array(first.shape.dropFirst())
    }
    let x = alike.count == 1 ? first : concatenate(alike)
    var findings = copies(x, subject).map { [$0] } ?? []
    guard x.dtype.isFloatingPoint, x.isAllFinite, x.rank >= 2, x.shape[0] > 1 else {
      return findings
    }
    if isNormalizedFirst(subject) { return findings }
    if let finding = level(x, subject) ?? units(x, subject) { findings.append(finding) }
    return findings
  }

  private func isNormalizedFirst(_ subject: PreflightSubject) -> Bool {
    let first = subject.pass.calls.first { call in
      call.kind == .module
        && subject.parameters.contains { $0.path.hasPrefix((call.path ?? "-") + ".") }
    }
    return first?.name.contains("Norm") ?? false
  }

  private func level(_ x: Tensor, _ subject: PreflightSubject) -> Finding? {
    let (mean, rms) = (x.cast(to: .float64).mean().item(), x.rootMeanSquare)
    let deviation = max(0, rms * rms - mean * mean).squareRoot()
    let isLarge = rms > 10
    let isOff = rms > 0.5 && deviation < 0.05 * abs(mean) && deviation > 0
    guard isLarge || isOff || rms < 1e-3 && rms > 0 else { return nil }
    return subject.finding(
      .inputScale, .notNormalized, .warning, 0.9,
      ["mean": mean, "deviation": deviation, "level": rms],
      remedy:
        "bring inputs to mean 0 and variance 1, such as with Standardization of the training rows",
      place: "inputs",
      sources: ["LeCun et al. 1998, Efficient BackProp"])
  }

  private func units(_ x: Tensor, _ subject: PreflightSubject) -> Finding? {
    guard x.rank == 2, x.shape[1] > 1 else { return nil }
    let deviations = x.cast(to: .float64).variance(axes: [0], correction: 0).sqrt().elements(
      Double.self)
    let moving = deviations.filter { $0 > 0 }
    guard let least = moving.min(), let largest = moving.max(), largest > 1e3 * least, largest > 1
    else {
      return nil
    }
    return subject.finding(
      .inputScale, .mixedUnits, .warning, 0.85,
      [
        "largest_deviation": largest, "least_deviation": least, "ratio": largest / least,
        "constant_features": Double(deviations.count - moving.count),
      ],
      remedy: "bring each feature to mean 0 and variance 1: the largest alone decides now",
      place: "inputs, feature \(deviations.firstIndex(of: largest)!)")
  }

  private func copies(_ x: Tensor, _ subject: PreflightSubject) -> Finding? {
    guard x.rank >= 2, x.shape[0] >= 4 else { return nil }
    let rows = ExampleKeys(x).keys
    // Short rows of few values are alike by chance, but not all of them; short texts may well say the same.
    let least = x.dtype.isFloatingPoint ? 8 : 32
    let areLong = x.count / x.shape[0] >= least || Set(rows).count == 1
    let share = max(areLong ? shareOfCopies(rows) : 0, copiedBatches(subject, least))
    guard share >= 0.25 else { return nil }
    return subject.finding(
      .repeatedExamples, .repeatedData, share >= 0.9 ? .fault : .warning, 0.85,
      ["share": share, "examples": Double(rows.count)],
      remedy: "look at how examples are read and drawn: these are copies of each other",
      place: "inputs",
      sources: ["Lee et al. 2022, arXiv:2107.06499"])
  }

  /// The share of batches that are wholly those before them, where they are long enough for that to be no chance.
  private func copiedBatches(_ subject: PreflightSubject, _ least: Int) -> Double {
    let batches = subject.batches.map(\.x).filter { $0.count >= least }
    return shareOfCopies(batches.map { ExampleKeys($0.reshaped([1, -1])).keys[0] })
  }

  private func shareOfCopies(_ keys: [Int]) -> Double {
    keys.count < 4 ? 0 : 1 - Double(Set(keys).count) / Double(keys.count)
  }
}
