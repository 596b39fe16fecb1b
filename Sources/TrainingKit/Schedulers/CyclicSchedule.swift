extension Schedule {
  /// How the height of the triangles of a cyclic schedule changes. The names are PyTorch's.
  public enum CyclicMode: Sendable, Hashable, Codable {
    /// All of one height.
    case triangular
    /// Each half as high as the one before.
    case triangular2
    /// The height is multiplied by a factor after every step.
    case exponentialRange(factor: Double)
  }

  /// A learning rate that rises from one value to another and falls back, over and over, in straight lines.
  ///
  /// - Parameters:
  ///   - rise: the steps up.
  ///   - fall: the steps down; as many as up unless given.
  /// - Source: Smith 2017, arXiv:1506.01186.
  public static func cyclic(
    from lowest: Double, to highest: Double, rise: Int = 2_000, fall: Int? = nil,
    mode: CyclicMode = .triangular
  ) -> Schedule {
    Schedule(
      CyclicRule(lowest: lowest, highest: highest, rise: rise, fall: fall ?? rise, mode: mode))
  }
}

struct CyclicRule: ScheduleRule {
  static let name = "cyclic"
  let lowest, highest: Double
  let rise, fall: Int
  let mode: Schedule.CyclicMode

  var mistake: TensorError? {
    mistake(inRate: lowest) ?? mistake(inRate: highest) ?? mistake(inSteps: rise)
      ?? mistake(inSteps: fall) ?? mistakeInMode
  }

  private var mistakeInMode: TensorError? {
    guard case .exponentialRange(let factor) = mode, !(0...1).contains(factor) else { return nil }
    return .argument(name, expected: "a factor from 0 to 1", got: factor)
  }

  func learningRate(at step: Int) -> Double {
    let (cycle, place) = step.quotientAndRemainder(dividingBy: rise + fall)
    let height = place <= rise ? ratio(place, rise) : ratio(rise + fall - place, fall)
    let share = height * amplitude(at: step, cycle: cycle)
    return lowest * (1 - share) + highest * share
  }

  private func ratio(_ done: Int, _ steps: Int) -> Double { Double(done) / Double(steps) }

  private func amplitude(at step: Int, cycle: Int) -> Double {
    switch mode {
    case .triangular: 1
    case .triangular2: power(0.5, cycle)
    case .exponentialRange(let factor): power(factor, step)
    }
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .cyclic(from: 0.1, to: 1, rise: 2), rates: [0: 0.1, 1: 0.55, 2: 1, 3: 0.55, 4: 0.1, 6: 1]),
    ScheduleCatalog.Sample(
      .cyclic(from: 0, to: 1, rise: 2, fall: 1, mode: .triangular2),
      rates: [0: 0, 1: 0.5, 2: 1, 3: 0, 4: 0.25, 5: 0.5, 6: 0, 8: 0.25]),
    ScheduleCatalog.Sample(
      .cyclic(from: 0, to: 1, rise: 1, fall: 3, mode: .exponentialRange(factor: 0.5)),
      rates: [0: 0, 1: 0.5, 4: 0, 5: 0.03125]),
  ]
}
