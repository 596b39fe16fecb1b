/// The learning rate of every update of a run, as a value.
///
///     let schedule: Schedule = .warmup(steps: 100).then(.cosine(peak: 1e-3, steps: 2_000))
///     schedule.learningRate(at: 0)      // 1e-5
///
/// It is a pure function of the update's number, so that resuming a run cannot get it wrong. What ends stays at its
/// last rate. Schedules are made of others by `then`, `scaled` and `annealed`; what depends on how well training goes
/// is a ``ReduceOnPlateau``, whose scale multiplies a schedule.
///
/// - Units: steps are applied updates, counted from 0; skipped steps do not advance a schedule.
public struct Schedule: Sendable {
  package let rule: any ScheduleRule

  /// Reports what the rule's numbers get wrong.
  package init(_ rule: some ScheduleRule) {
    self.rule = rule
    if let mistake = rule.mistake { Context.current.fail(mistake) }
  }

  /// The learning rate of an update; steps below 0 count as 0.
  public func learningRate(at step: Int) -> Double { rule.learningRate(at: max(step, 0)) }
}

/// One kind of schedule: its numbers and its formula.
package protocol ScheduleRule: Sendable, Codable, Equatable {
  /// The name in saved schedules and in messages.
  static var name: String { get }
  /// What the numbers get wrong, or nil.
  var mistake: TensorError? { get }
  /// The formula, for steps of 0 and more.
  func learningRate(at step: Int) -> Double
}

extension ScheduleRule {
  package var name: String { Self.name }

  /// What is wrong with a learning rate, or nil.
  func mistake(inRate rate: Double) -> TensorError? {
    NumberRange.nonNegative.mistake(rate, "a learning rate", of: name)
  }

  /// What is wrong with a factor, or nil.
  func mistake(inFactor factor: Double) -> TensorError? {
    NumberRange.nonNegative.mistake(factor, "a factor", of: name)
  }

  /// What is wrong with a number of steps, or nil.
  func mistake(inSteps steps: Int) -> TensorError? {
    steps > 0 ? nil : TensorError.argument(name, expected: "1 step or more", got: steps)
  }

  fileprivate func isEqual(to other: any ScheduleRule) -> Bool { (other as? Self) == self }
}

extension Schedule: Equatable {
  /// Whether both are of one kind with the same numbers.
  public static func == (a: Schedule, b: Schedule) -> Bool { a.rule.isEqual(to: b.rule) }
}

extension Schedule: Codable {
  private enum Key: CodingKey { case kind, numbers }

  /// Writes the name of the kind and its numbers.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(rule.name, forKey: .kind)
    try container.encode(rule, forKey: .numbers)
  }

  /// Reads a schedule.
  ///
  /// - Errors: `DecodingError` for an unknown kind, or for numbers that no schedule may have.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let name = try container.decode(String.self, forKey: .kind)
    guard let type = ScheduleCatalog.all.first(where: { $0.rule.name == name })?.rule else {
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: container, debugDescription: "Schedule: expected a kind, got \(name)")
    }
    let rule = try container.decode(type, forKey: .numbers)
    if let mistake = rule.mistake {
      throw DecodingError.dataCorruptedError(
        forKey: .numbers, in: container, debugDescription: mistake.description)
    }
    self.rule = rule
  }
}
