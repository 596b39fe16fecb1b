/// Weight matrices that are to be trained and that no gradient reaches.
///
/// - Finds: a matrix whose gradient is missing, or zero in every element, in four examinations in a row, while others
///   have one. A weight of zeros in front of it explains that at the start of a residual branch, and goes by.
/// - Source: PyTorch's `find_unused_parameters`, which tells of missing gradients but not of zeros.
public struct MissingGradients: Analyzer {
  /// `missing-gradients`
  public static let name = "missing-gradients"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var streaks = Streaks()

  /// Creates the analyzer.
  public init() {}

  /// Looks at the gradient of every matrix.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details, step.skip == nil else { return nil }
    let matrices = details.matrices
    let hasZeros = matrices.contains { $0.weightRMS == 0 }
    let isAnyAlive = matrices.contains { $0.gradientRMS ?? 0 > 0 }
    guard isAnyAlive, !hasZeros else { return nil }
    let bad = matrices.filter { streaks.note($0.hasNoGradient, at: $0.path, of: step) >= 4 }
    guard let first = bad.first else { return nil }
    let isMissing = first.gradientZeroShare == nil
    return Finding(
      .noGradient, cause: isMissing ? .detached : .deadNetwork, severity: .warning,
      step: step.step, began: streaks.began(bad.map(\.path)), confidence: 0.95,
      evidence: ["parameters": Double(bad.count), "of": Double(matrices.count)],
      remedy: isMissing
        ? "use the layer, or take it out; look for detached() between it and the loss; freeze what is not to be trained"
        : "look for dead units, rounding or a mask between this layer and the loss",
      place: bad.map(\.path).told)
  }
}

extension ParameterDetails {
  fileprivate var hasNoGradient: Bool {
    gradientNonFiniteCount == 0 && (gradientZeroShare == nil || gradientZeroShare == 1)
  }
}
