/// What became of a run that was taken from an earlier state along the same items once more, with one thing changed.
public struct Trial: Sendable, Hashable, Codable {
  /// What was changed; nil for the control, which is the run as it was.
  public let remedy: Remedy?
  /// The steps it was taken along.
  public let steps: Int
  /// The loss in evaluation over items that were held, at its start and at its end; infinite where it is not finite, or
  /// the run could not go on.
  public let lossBefore, lossAfter: Double

  fileprivate var isOfTheOptimizer: Bool {
    if case .optimizerNumber? = remedy { true } else { false }
  }

  /// Whether the loss has come out clearly below another's.
  func isBetter(than other: Trial) -> Bool {
    guard lossAfter.isFinite else { return false }
    guard other.lossAfter.isFinite else { return lossAfter < lossBefore + 0.05 * abs(lossBefore) }
    let distance = other.lossAfter - lossAfter
    return distance > 0.02 * max(abs(other.lossAfter), abs(lossAfter))
  }
}

extension Trial {
  /// How far the loss has fallen.
  var gain: Double { lossBefore - lossAfter }

  /// Whether it gains enough to speak of: most runs that are not at their end would gain somewhat by another rate.
  func isWorth(beside control: Trial) -> Bool {
    !(control.lossAfter - lossAfter <= 0.08 * abs(control.lossAfter))
  }
}

extension [Trial] {
  /// The trial whose remedy is to be applied; nil where none is better than the control.
  ///
  /// It is the first that is as good as the best. A number that few optimizers have is put right first, where that
  /// alone gains most of what the best does. A learning rate that is just low enough for some steps may be too high for
  /// more: a lower one is taken that gains nearly as much.
  func choice(beside control: Trial) -> Trial? {
    guard let best = self.min(by: { $0.lossAfter < $1.lossAfter }), best.isBetter(than: control)
    else { return nil }
    if let usual = first(where: { $0.isOfTheOptimizer }), usual.isBetter(than: control),
      !control.lossAfter.isFinite
        || control.lossAfter - usual.lossAfter > 0.7 * (control.lossAfter - best.lossAfter)
    {
      return usual
    }
    let chosen = first { !best.isBetter(than: $0) } ?? best
    guard case .learningRate(let factor)? = chosen.remedy, factor < 1 else { return chosen }
    let gain = chosen.lossBefore - chosen.lossAfter
    let lower = filter { trial in
      guard case .learningRate(let other)? = trial.remedy, other < factor else { return false }
      return gain > 0 && trial.lossBefore - trial.lossAfter >= 0.7 * gain
    }
    return lower.first ?? chosen
  }
}

extension Trial: CustomStringConvertible {
  /// One line: what was changed, and what it led to.
  public var description: String {
    let change = remedy.map { "\($0)" } ?? "as it was"
    return "\(change): loss \(lossBefore.shortened) to \(lossAfter.shortened) in \(steps) steps"
  }
}
