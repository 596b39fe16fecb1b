/// Parameters that have a gradient and are not moved.
///
/// - Finds: a parameter no element of which moved by a bit in three applied steps, nor between them, though it has a
///   gradient that is no smaller than usual, and other parameters move by usual steps. Where all updates are tiny, or
///   gradients vanish on their way, what is too small to be seen is rounded away. Weights of 16 bits stand still for
///   long where what they are rounded by is kept: those are left to ``RoundingStagnation``.
public struct FrozenParameters: Analyzer {
  /// `frozen-parameters`
  public static let name = "frozen-parameters"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var streaks = Streaks()
  private var levels: [String: Double] = [:]

  /// Creates the analyzer.
  public init() {}

  /// Looks at every parameter of an applied step.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details, history.isAtFullRate(step) else { return nil }
    let moved = details.matrices.filter { $0.updateRatio ?? 0 > 1e-6 }
    let isNothingMoved = details.parameters.allSatisfy { $0.unmovedShare == 1 }
    guard !moved.isEmpty || isNothingMoved else { return nil }
    // Where nothing moves, a plain step that would not be rounded away tells it.
    let usual =
      isNothingMoved
      ? 1e-4 / max(step.learningRate ?? 0, 1e-12) : moved.compactMap(\.relativeGradient).median
    let bad = details.parameters.filter { parameter in
      let level = levels.updateValue(parameter.weightRMS ?? .nan, forKey: parameter.path)
      let isSame = level == nil || level == parameter.weightRMS
      let isUsual = parameter.relativeGradient ?? 0 > 1e-2 * usual
      return streaks.note(isSame && isUsual && parameter.isFrozen, at: parameter.path, of: step)
        >= 3
    }
    guard let first = bad.first else { return nil }
    return Finding(
      .frozenParameter, cause: .optimizer, severity: .warning, step: step.step,
      began: streaks.began(bad.map(\.path)), confidence: 0.9,
      evidence: ["parameters": Double(bad.count), "gradient_rms": first.gradientRMS],
      remedy: "look at the optimizer's groups and rates; freeze what is not to be trained",
      place: bad.map(\.path).told)
  }
}

extension ParameterDetails {
  /// The gradient beside the weights; infinite where those are zero.
  fileprivate var relativeGradient: Double? {
    guard let gradientRMS, let weightRMS, gradientRMS > 0 else { return nil }
    return gradientRMS / weightRMS
  }

  /// Whether there is a gradient and nothing moved. Zeros are their own format: what moves them at all shows.
  fileprivate var isFrozen: Bool {
    unmovedShare == 1 && (weightLargest == 0 || halfPrecision == nil)
  }
}
