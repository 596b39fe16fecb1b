/// Weights of 16 bits that updates are too small to move.
///
/// - Finds: weight matrices in half precision of which nine in ten elements with a gradient did not move in any of four
///   examinations at full rate, while of those that moved only small ones did, for so long that usual weights would
///   have moved by sixteen units in the last place; by eight where the loss has not fallen. Where rounding is
///   compensated or stochastic, most weights stand still at most steps too, but before that long large ones move.
/// - Source: Gupta et al. 2015, arXiv:1502.02551; Zamirai et al. 2020, arXiv:2010.06192.
public struct RoundingStagnation: Analyzer {
  /// `rounding-stagnation`
  public static let name = "rounding-stagnation"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var streaks = Streaks()
  private var starts: [String: (step: Int, level: Double)] = [:]

  /// Creates the analyzer.
  public init() {}

  /// Looks at the matrices of an applied step.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details, history.isAtFullRate(step) else { return nil }
    let matrices = details.matrices.filter { $0.count >= 64 && $0.updateRMS != nil }
    let isIdle = history.lossFall ?? 0 < 0.05
    let bad = matrices.filter { isStuck($0, step, units: isIdle ? 8 : 16) }
    guard let worst = bad.max(by: { $0.idleShare ?? 0 < $1.idleShare ?? 0 }),
      2 * bad.count > matrices.count
    else { return nil }
    return Finding(
      .roundingStagnation, cause: .rounding, severity: .warning, step: step.step,
      began: streaks.began(worst.path), confidence: 0.9,
      evidence: [
        "idle_share": worst.idleShare, "moved_by": worst.moveOfMoved,
        "unit_in_the_last_place": worst.halfPrecision, "matrices": Double(bad.count),
      ],
      remedy:
        "let rounding be compensated or stochastic, or keep weights in float32 and take .mixed(.bfloat16)",
      place: bad.map(\.path).told, sources: ["Zamirai et al. 2020, arXiv:2010.06192"])
  }
  /// Whether a matrix stands still for long enough to be sure.
  private mutating func isStuck(
    _ matrix: ParameterDetails, _ record: StepRecord, units: Double
  ) -> Bool {
    let step = record.step
    let count = streaks.note(matrix.standsStill, at: matrix.path, of: record)
    let level = matrix.weightRMS ?? .nan
    if count <= 1 { starts[matrix.path] = (step, level) }
    guard count >= 4, let start = starts[matrix.path], let unit = matrix.halfPrecision else {
      return false
    }
    let steps = Double(step) - Double(start.step)
    // Where nothing moves, nobody knows how far it should have.
    guard let move = matrix.moveOfMoved else { return steps >= 1000 && level == start.level }
    return steps * move >= units * unit
  }
}

extension ParameterDetails {
  /// How far those weights moved that did, beside the usual weight; nil where none did.
  fileprivate var moveOfMoved: Double? {
    guard let updateRMS, let unmovedShare, unmovedShare < 1, let weightRMS, weightRMS > 0 else {
      return nil
    }
    return updateRMS / (1 - unmovedShare).squareRoot() / weightRMS
  }

  /// Whether a matrix in half precision moves only where weights are small, if at all.
  var standsStill: Bool {
    guard let halfPrecision, let idleShare, gradientRMS ?? 0 > 0, weightRMS ?? 0 > 0 else {
      return false
    }
    // Usual weights that move by one unit move by at least half of its share.
    return idleShare > 0.9 && moveOfMoved ?? 0 < 0.25 * halfPrecision
  }
}
