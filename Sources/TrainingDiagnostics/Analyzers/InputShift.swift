/// Inputs that are not what they were, as when files of another scale follow in the middle of a run.
///
/// - Finds: inputs of the model that were 1.4 times as large as usual, or as small, in two examinations in a row, after
///   four in which they were as large as each other within a tenth.
public struct InputShift: Analyzer {
  /// `input-shift`
  public static let name = "input-shift"
  private var levels: [Double] = []
  private var shifted = 0

  /// Creates the analyzer.
  public init() {}

  /// Compares the level of the inputs with that of the examinations before.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let level = step.details?.inputRMS, level > 0 else { return nil }
    guard levels.count >= 4, levels.allSatisfy({ abs($0 - levels.median) < 0.1 * levels.median })
    else {
      levels = levels.suffix(7) + [level]
      return nil
    }
    let usual = levels.median
    let ratio = level / usual
    shifted = (1 / 1.4...1.4).contains(ratio) ? 0 : shifted + 1
    if shifted == 0, abs(ratio - 1) < 0.1 { levels = levels.suffix(7) + [level] }
    guard shifted >= 2 else { return nil }
    return Finding(
      .inputShift, cause: .dataShift, severity: .warning, step: step.step, confidence: 0.9,
      evidence: [
        "input_rms": level, "usual_input_rms": usual, "ratio": ratio,
        "loss": history.loss.recent.median,
      ],
      remedy:
        "look at what the inputs are read from since about this step, and bring them to the scale of those before",
      place: "inputs")
  }
}
