/// What became of a run that was taken from an earlier state along the same items once more, with something changed.
public struct Trial: Sendable, Hashable, Codable {
  /// What was changed; nothing for the control, which is the run as it was.
  public let remedies: [Remedy]
  /// The steps it was taken along.
  public let steps: Int
  /// The loss in evaluation over items that were held, at its start and at its end; infinite where it is not finite, or
  /// the run could not go on.
  public let lossBefore, lossAfter: Double
  /// The losses of those items at its end; none where the run could not go on.
  package let losses: [Double]

  /// Whether it sets a number of the optimizer first of all.
  var isOfTheOptimizer: Bool {
    if case .optimizerNumber? = remedies.first { true } else { false }
  }

  /// Whether the loss has come out far below another's.
  func isBetter(than other: Trial) -> Bool {
    guard lossAfter.isFinite else { return false }
    guard other.lossAfter.isFinite else { return lossAfter < lossBefore + 0.05 * abs(lossBefore) }
    return other.lossAfter - lossAfter > 0.02 * max(abs(other.lossAfter), abs(lossAfter))
  }

  /// Whether the loss has come out below another's, by little but on nearly all items.
  func isAhead(of other: Trial) -> Bool {
    if isBetter(than: other) { return true }
    guard losses.count >= 4, losses.count == other.losses.count else { return false }
    let gains = zip(other.losses, losses).map { $0 - $1 }
    let mean = gains.reduce(0, +) / Double(gains.count)
    let variance = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gains.count - 1)
    let error = (variance / Double(gains.count)).squareRoot()
    return mean > 4 * error && mean > 0.002 * abs(other.lossAfter)
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
  /// The trial that tells the cause; nil where none is better than the control.
  ///
  /// It is the first that is as good as the best. A number that few optimizers have is put right first, where that
  /// alone gains most of what the best does. A learning rate that is just low enough for some steps may be too high for
  /// more: a lower one is taken that gains nearly as much.
  package func choice(beside control: Trial) -> Trial? {
    guard let best, best.isBetter(than: control) else { return nil }
    if let usual = first(where: \.isOfTheOptimizer), usual.isBetter(than: control),
      !control.lossAfter.isFinite
        || control.lossAfter - usual.lossAfter > 0.7 * (control.lossAfter - best.lossAfter)
    {
      return usual
    }
    let chosen = first { !best.isBetter(than: $0) } ?? best
    guard case .learningRate(let factor)? = chosen.remedies.first, factor < 1 else { return chosen }
    let lower = filter { trial in
      guard case .learningRate(let other)? = trial.remedies.first, other < factor else {
        return false
      }
      return chosen.gain > 0 && trial.gain >= 0.7 * chosen.gain
    }
    return lower.first ?? chosen
  }

  /// The same with another trial of shuffling in place of the first, where that came out worse: one order may be better
  /// than another by chance, and what is due to disorder shows in any.
  package func doubted(by again: Trial) -> [Trial] {
    map { $0.remedies == again.remedies && again.lossAfter > $0.lossAfter ? again : $0 }
  }

  /// The trial whose remedies are to be applied; nil where none is ahead of the control. Of those that the best is not
  /// ahead of it is the one with the fewest remedies, and of rates the lowest.
  func treatment(beside control: Trial) -> Trial? {
    guard let best, best.isAhead(of: control) else { return nil }
    let equals = filter { !best.isAhead(of: $0) }
    let fewest = equals.map(\.remedies.count).min()
    let others = equals.filter { $0.remedies.count == fewest }
    return others.first { $0.remedies.rateFactor == 1 }
      ?? others.min { $0.remedies.rateFactor < $1.remedies.rateFactor }
  }

  /// The trial with the lowest loss.
  var best: Trial? { self.min { $0.lossAfter < $1.lossAfter } }
}

extension Trial: CustomStringConvertible {
  /// One line: what was changed, and what it led to.
  public var description: String {
    "\(remedies.inWords): loss \(lossBefore.shortened) to \(lossAfter.shortened) in \(steps) steps"
  }
}

extension [Remedy] {
  /// What is changed, as orders.
  package var inWords: String {
    isEmpty ? "as it was" : map { "\($0)" }.joined(separator: " and ")
  }

  /// What they multiply the learning rates of the schedule by.
  var rateFactor: Double {
    reduce(1) { rate, remedy in
      if case .learningRate(let factor) = remedy { rate * factor } else { rate }
    }
  }
}
