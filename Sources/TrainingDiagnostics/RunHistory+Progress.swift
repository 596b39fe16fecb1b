extension RunHistory {
  /// How many levels the series of losses have completed: while it is the same, no rule for levels has news.
  var levels: Int {
    loss.levels.completed + trainLoss.levels.completed + validationLoss.levels.completed
  }

  /// The series that tells how far the run has come: evaluations where there are enough of them, or hardly any losses,
  /// else its losses.
  public var progress: Series {
    isToldByTrainLoss ? trainLoss : isToldByValidationLoss ? validationLoss : loss
  }

  /// Where the progress began: the first evaluation, or the origin of the losses.
  public var progressOrigin: Double {
    isToldByTrainLoss || isToldByValidationLoss ? progress.first : loss.origin
  }

  /// How many values of the progress make its standing still remarkable.
  var leastForPlateau: Int { isToldByTrainLoss || isToldByValidationLoss ? 20 : 200 }

  /// A handful of evaluations beside many losses would leave the rules without a series that is long enough.
  private var isToldByTrainLoss: Bool {
    trainLoss.count >= 20 || (trainLoss.count >= 8 && loss.count < 200)
  }

  private var isToldByValidationLoss: Bool { validationLoss.count >= 8 && loss.count < 200 }

  /// Whether the record goes back to the first steps, and is no excerpt.
  var beganAtItsStart: Bool {
    guard let first, count > 1 else { return false }
    return Double(first.step) <= max(1, 10 * spacing)
  }

  /// How many steps there are from one record to the next; 0 before there are two.
  var spacing: Double {
    guard let first, let previous, count > 1 else { return 0 }
    return (Double(previous.step) - Double(first.step)) / Double(count - 1)
  }

  /// About the step of the record so many places before one.
  func step(_ places: Int, before step: Int) -> Int {
    Int(max(-0x1p53, min(0x1p53, Double(step) - spacing * Double(places))))
  }

  /// The step since which losses have been far above their level, up to one whose loss is.
  func climb(to step: Int) -> Int {
    guard let level = loss.recent.median, let deviation = loss.recent.deviation else { return step }
    let bound = level + max(5 * deviation, 0.1 * loss.magnitude(of: level))
    return self.step(loss.recent.values.reversed().prefix { $0 > bound }.count, before: step)
  }

  /// Whether the learning rate has not been at its full height for long; false where nobody knows it.
  var isWarmingUp: Bool {
    guard let now = learningRate.last?.value, learningRate.count >= 8 else { return false }
    let levels = learningRate.levels.values
    let early = levels[levels.count * 3 / 4]
    return now == learningRate.peak && now > 1.05 * early
  }
}

extension RunHistory {
  /// How far the last losses are below the first, as a share of those; nil before there are sixteen.
  var lossFall: Double? {
    guard loss.count >= 16, loss.start.isFinite else { return nil }
    let magnitude = loss.magnitude(of: loss.start)
    return magnitude > 0 ? (loss.start - loss.recent.values.suffix(8).median) / magnitude : nil
  }

  /// Whether the losses are above their best level by more than a tenth, and by more than their noise.
  var isLosingGround: Bool {
    guard let best = loss.levels.values.min(), let noise = loss.recent.deviation else {
      return false
    }
    let rise = loss.recent.values.suffix(8).median - best
    return rise > max(0.1 * loss.magnitude(of: best), 3 * noise)
  }

  /// Whether the losses are above their best level, or that of a step is far above the usual.
  func isTroubled(by step: StepRecord) -> Bool {
    if isLosingGround { return true }
    guard let now = step.loss, let usual = loss.recent.median, let noise = loss.recent.deviation
    else { return false }
    return now - usual > max(0.1 * loss.magnitude(of: usual), 5 * noise)
  }

  /// Whether the learning rate is less than half of the highest; false where nobody knows it.
  var hasRateDecayed: Bool {
    learningRate.last.map { $0.value < 0.5 * max(learningRate.peak, 0) } ?? false
  }

  /// Whether a step is taken at more than half of the highest learning rate; true where nobody knows the rate.
  func isAtFullRate(_ step: StepRecord) -> Bool {
    guard let rate = step.learningRate else { return true }
    return rate > 0 && !isWarmingUp && rate >= 0.5 * max(learningRate.peak, 0)
  }
}

extension Collection<Double> {
  /// Whether values were rounded so far that a trend may hide in it: to two digits behind the point and no more than
  /// three digits in all, or to the eight bits of bfloat16.
  var areCoarse: Bool { allSatisfy(\.isShortDecimal) || allSatisfy(\.isBFloat16) }
}

extension Double {
  fileprivate var isBFloat16: Bool { bitPattern & ((1 << 45) - 1) == 0 }

  fileprivate var isShortDecimal: Bool {
    let hundredfold = self * 100
    return magnitude < 10
      && abs(hundredfold - hundredfold.rounded()) < 1e-9 * max(1, hundredfold.magnitude)
  }
}
