/// Inputs that are not what they were, as when files of another scale follow in the middle of a run.
///
/// - Finds: inputs of the model that are larger or smaller than usual by a sixth, and by six of their deviations, in
///   two examinations in a row, after four or more.
public struct InputShift: Analyzer {
  /// `input-shift`
  public static let name = "input-shift"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var levels: [Double] = []
  private var shifted = 0
  private var began: Int?

  /// Creates the analyzer.
  public init() {}

  /// Compares the level of the inputs with that of the examinations before.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let level = step.details?.inputRMS, level > 0 else { return nil }
    guard levels.count >= 4 else {
      levels.append(level)
      return nil
    }
    let usual = levels.median
    let deviation = 1.4826 * levels.map { abs($0 - usual) }.median
    let isShifted = abs(level - usual) > max(usual / 6, 6 * deviation)
    shifted = isShifted ? shifted + 1 : 0
    if shifted <= 1 { began = step.step }
    if !isShifted { levels = levels.suffix(15) + [level] }
    guard shifted >= 2 else { return nil }
    return Finding(
      .inputShift, cause: .dataShift, severity: .warning, step: step.step, began: began,
      confidence: 0.9,
      evidence: [
        "input_rms": level, "usual_input_rms": usual, "ratio": level / usual,
        "loss": history.loss.recent.median,
      ],
      remedy:
        "look at what the inputs are read from since about this step, and bring them to the scale of those before",
      place: "inputs")
  }
}
