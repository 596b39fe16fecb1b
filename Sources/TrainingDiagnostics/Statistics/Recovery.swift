/// What became of the losses behind explosions.
struct Recovery: Sendable {
  /// An explosion, the level before it, and how far the losses went.
  struct Spike: Sendable {
    let step: Int
    let level, bound: Double
    var height: Double
    var length = 1
    var calm = 0
  }

  private var open: Spike?
  private var first: Spike?
  private var isLasting = false

  /// The first explosion, if the losses came back behind each; nil where they did not, or there was none.
  var spike: Spike? {
    if isLasting { return nil }
    guard let open else { return first }
    return open.calm >= Self.leastCalm ? first ?? open : nil
  }

  /// In how many steps losses have to be back, and how many of them show that they are.
  private static let longest = 8
  private static let leastCalm = 3

  /// Takes a step and what was found at it.
  mutating func note(_ step: StepRecord, _ found: [Finding], after history: RunHistory) {
    if isLasting { return }
    if open != nil {
      follow(step.loss)
    } else if found.contains(where: { $0.symptom == .explosion && $0.step == step.step }),
      let loss = step.loss, let level = history.loss.recent.median
    {
      open = Spike(
        step: step.step, level: level, bound: level + 0.25 * (loss - level), height: loss)
    }
  }

  private mutating func follow(_ loss: Double?) {
    guard var spike = open, let loss else { return }
    guard loss.isFinite else {
      isLasting = true
      return
    }
    spike.height = max(spike.height, loss)
    if loss <= spike.bound {
      spike.calm += 1
    } else {
      spike.length += spike.calm + 1
      spike.calm = 0
    }
    isLasting = spike.length > Self.longest
    let isOver = spike.calm == 2 * Self.longest
    if isOver { first = first ?? spike }
    open = isOver ? nil : spike
  }
}

extension Recovery.Spike {
  /// Whether a finding is that of the explosion.
  func isFound(in finding: Finding) -> Bool {
    finding.symptom == .explosion && finding.step == step
  }

  /// The explosion as the spike that it was.
  func finding(in explosion: Finding) -> Finding {
    Finding(
      .lossSpike, severity: .note, step: step, began: explosion.began, confidence: 0.9,
      evidence: [
        "loss": height, "level_before": level, "norm_ratio": explosion.evidence["norm_ratio"],
        "steps": Double(length),
      ],
      remedy: "none, if it stays a single one; look at the batch, and clip the global norm",
      nextTest:
        "evaluate the batch at older weights: as high there, it is the data (\(Cause.dataOutlier))",
      sources: explosion.sources)
  }
}
