extension Schedule {
  /// A learning rate that rises to its peak and then falls far below where it began, once in a run; it stays there.
  ///
  ///     .oneCycle(peak: 0.1, steps: 1_000)
  ///
  /// Momentum that goes the other way is the same curve upside down, as a value of its own:
  /// `.oneCycle(peak: 0.85, steps: 1_000, initial: 0.95, final: 0.95)`.
  ///
  /// The rates are PyTorch's `OneCycleLR`'s up to `steps`; that one rises again where a run asks for one more.
  ///
  /// - Parameters:
  ///   - steps: the updates of the whole run; the last of them has the final rate.
  ///   - initial: the rate of the first update; a 25th of the peak unless given.
  ///   - final: the rate of the last update; a 10,000th of the initial one unless given.
  ///   - warmupShare: the share of the steps in which the rate rises.
  ///   - isThreePhase: whether the rate falls to the initial one as fast as it rose, and only then to the final one.
  /// - Errors: traps unless the rise has more than one step, and all phases fit into the steps.
  /// - Source: Smith and Topin 2017, arXiv:1708.07120.
  public static func oneCycle(
    peak: Double, steps: Int, initial: Double? = nil, final: Double? = nil,
    warmupShare: Double = 0.3, curve: Curve = .cosine, isThreePhase: Bool = false
  ) -> Schedule {
    let initial = initial ?? peak / 25
    return Schedule(
      OneCycleRule(
        initial: initial, peak: peak, final: final ?? initial / 1e4, steps: steps,
        warmupShare: warmupShare, curve: curve, isThreePhase: isThreePhase))
  }
}

struct OneCycleRule: ScheduleRule {
  static let name = "oneCycle"
  let initial, peak, final: Double
  let steps: Int
  let warmupShare: Double
  let curve: Schedule.Curve
  let isThreePhase: Bool

  /// The steps from the first update to the highest rate.
  private var rise: Double { warmupShare * Double(steps) - 1 }
  /// The steps of the second fall, or of the only one.
  private var lastFall: Double { Double(steps - 1) - (isThreePhase ? 2 : 1) * rise }

  var mistake: TensorError? {
    [initial, peak, final].lazy.compactMap { mistake(inRate: $0) }.first ?? mistake(inSteps: steps)
      ?? NumberRange.fraction.mistake(warmupShare, "a share of warm-up", of: name)
      ?? (rise > 0 && lastFall > 0
        ? nil
        : .argument(
          name, expected: "a rise of more than 1 step, and a fall after it",
          got: "\(steps) steps with a warm-up of \(warmupShare)"))
  }

  func learningRate(at step: Int) -> Double {
    let step = Double(min(step, steps - 1))
    if step <= rise { return curve.between(initial, peak, after: step, of: rise) }
    if !isThreePhase { return curve.between(peak, final, after: step - rise, of: lastFall) }
    return step <= 2 * rise
      ? curve.between(peak, initial, after: step - rise, of: rise)
      : curve.between(initial, final, after: step - 2 * rise, of: lastFall)
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .oneCycle(peak: 1, steps: 10),
      rates: [0: 0.04, 1: 0.52, 2: 1, 9: 4e-6, 10: 4e-6, 11: 4e-6, 1_000: 4e-6]),
    ScheduleCatalog.Sample(
      .oneCycle(peak: 1, steps: 10, isThreePhase: true),
      rates: [0: 0.04, 1: 0.52, 2: 1, 3: 0.52, 4: 0.04, 9: 4e-6, 10: 4e-6]),
    ScheduleCatalog.Sample(
      .oneCycle(peak: 0.85, steps: 10, initial: 0.95, final: 0.95),
      rates: [0: 0.95, 1: 0.9, 2: 0.85, 9: 0.95, 10: 0.95]),
    ScheduleCatalog.Sample(
      .oneCycle(peak: 1, steps: 8, initial: 0, final: 0.4, warmupShare: 0.5, curve: .linear),
      rates: [0: 0, 3: 1, 4: 0.85, 7: 0.4, 8: 0.4]),
  ]
}
