/// The same losses again and again in the same order: weights that do not move see the same data.
///
/// - Finds: two full periods, and at least 32 losses, that repeat to the last digit, with eight different ones among
///   them. A loss that was printed with few digits may stand still for long, and is none.
public struct RepeatedLosses: Analyzer {
  /// `repeated-losses`
  public static let name = "repeated-losses"
  /// The last losses, each at its number modulo as many as these.
  private var losses = Array(repeating: Double.nan, count: 256)
  /// Where a loss was seen last, at the place that its bits choose: a later one of that place takes it.
  private var lastPlaces = Array(repeating: (loss: Double.nan, place: 0), count: 1024)
  private var place = 0
  private var period = 0
  private var run = 0

  /// Creates the analyzer.
  public init() {}

  /// Compares the loss with the one a period ago.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let loss = step.loss, loss.isFinite else { return nil }
    if period > 0, self.loss(period) == loss {
      run += 1
    } else {
      run = 0
      let last = lastPlaces[Self.slot(of: loss)]
      period = last.loss == loss && place - last.place <= 256 ? place - last.place : 0
    }
    remember(loss)
    guard period > 1, run >= max(2 * period, 32) else { return nil }
    let repeated = (1...period).map(self.loss)
    guard Set(repeated).count >= 8, !repeated.areCoarse else { return nil }
    return Finding(
      .repeatedLosses, cause: .frozenWeights, severity: .fault, step: step.step,
      began: history.step(run - 1, before: step.step), confidence: 0.95,
      evidence: ["period": Double(period), "repeated": Double(run), "loss": loss],
      remedy: "hand the parameters that are trained to the optimizer; see that its step is called",
      nextTest:
        "compare a parameter before and after a step: equal though its gradient is not zero, it is the optimizer"
    )
  }

  private mutating func remember(_ loss: Double) {
    losses[place % losses.count] = loss
    lastPlaces[Self.slot(of: loss)] = (loss, place)
    place += 1
  }

  /// The loss so many places before the next one: at most as many as are kept.
  private func loss(_ distance: Int) -> Double { losses[(place - distance) % losses.count] }

  private static func slot(of loss: Double) -> Int {
    Int(truncatingIfNeeded: (loss.bitPattern &* 0x9E37_79B9_7F4A_7C15) >> 54)
  }
}
