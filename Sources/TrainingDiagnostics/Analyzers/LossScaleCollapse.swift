/// Loss scales that fall again and again.
///
/// - Finds: three halvings within thirty steps once the scale had settled, and a scale at or below 1. The fall from
///   a large first scale is how a scaler finds its place, and no illness.
/// - Source: GLM-130B and tr8b, where it came thirty steps before the loss diverged.
public struct LossScaleCollapse: Analyzer {
  /// `loss-scale-collapse`
  public static let name = "loss-scale-collapse"
  private var last: (step: Int, scale: Double)?
  private var steady = 0
  private var isSettled = false
  private var halvings: [Int] = []

  /// Creates the analyzer.
  public init() {}

  /// Compares the scale with the one before.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let scale = step.lossScale, scale.isFinite, scale > 0 else { return nil }
    defer { last = (step.step, scale) }
    guard let last, scale < last.scale else {
      steady += 1
      // Twenty steps without a fall, or a scale that has grown, say that the scale had found its place.
      isSettled = isSettled || steady >= 20 || last.map { scale > $0.scale } ?? false
      return nil
    }
    steady = 0
    let fall = min(max(1, (last.scale / scale).binaryLogarithm.rounded()), 64)
    // Of a fall between rows that are far apart, as much counts as thirty steps of it.
    let share = min(1, 30 / max(1, Double(step.step) - Double(last.step)))
    // What falls while the scale finds its place does not count later.
    let count = isSettled ? Int(fall * share) : 0
    halvings += Array(repeating: step.step, count: count)
    halvings = Array(halvings.filter { $0 > step.step &- 30 }.suffix(64))
    let isAtFloor = scale <= 1
    guard isAtFloor || (isSettled && halvings.count >= 3) else { return nil }
    return Finding(
      .lossScaleCollapse, cause: .overflow, severity: isAtFloor ? .fault : .warning,
      step: step.step, began: halvings.first,
      confidence: isAtFloor ? 0.95 : 0.85,
      evidence: [
        "loss_scale": scale, "halvings_in_30_steps": Double(halvings.count), "loss": step.loss,
        "gradient_norm": step.gradientNorm,
      ],
      remedy: "train in bfloat16; else lower the learning rate, and give the scale a floor",
      nextTest:
        "repeat the step in float32: finite gradients mean that the format overflows, not the run",
      sources: ["GLM-130B, arXiv:2210.02414", "pytorch/pytorch#40497"])
  }
}

extension Double {
  /// The logarithm of a positive number to the base 2, by its exponent and its significand's line.
  fileprivate var binaryLogarithm: Double {
    isFinite ? Double(exponent) + (significand - 1) : .infinity
  }
}
