/// The numbers that a hyper-parameter may be.
public enum NumberRange: Sendable {
  /// Finite, 0 or more.
  case nonNegative
  /// Finite, above 0.
  case positive
  /// From 0 to below 1.
  case fraction
  /// From 0 to 1.
  case share
  /// Finite, 0 or less.
  case nonPositive
  /// Anything finite.
  case finite
  /// 0 or more, or infinite.
  case limit

  /// Whether a value is one of them.
  public func contains(_ value: Double) -> Bool {
    switch self {
    case .nonNegative: value >= 0 && value.isFinite
    case .positive: value > 0 && value.isFinite
    case .fraction: value >= 0 && value < 1
    case .share: value >= 0 && value <= 1
    case .nonPositive: value <= 0 && value.isFinite
    case .finite: value.isFinite
    case .limit: value >= 0
    }
  }

  private var sentence: String {
    switch self {
    case .nonNegative: "of 0 or more"
    case .positive: "above 0"
    case .fraction: "from 0 to below 1"
    case .share: "from 0 to 1"
    case .nonPositive: "of 0 or less"
    case .finite: "that is finite"
    case .limit: "of 0 or more, or infinity"
    }
  }

  /// What is wrong with a value, or nil.
  package func mistake(_ value: Double, _ name: String, of owner: String) -> TensorError? {
    contains(value)
      ? nil : TensorError.argument(owner, expected: "\(name) \(sentence)", got: value)
  }

  /// Whether a value is right; reports it when not.
  package func check(_ value: Double, _ name: String, of owner: String) -> Bool {
    guard let mistake = mistake(value, name, of: owner) else { return true }
    Context.current.fail(mistake)
    return false
  }
}

/// A number that is checked when it is set: one out of its range is a mistake, and a change to it does not happen.
///
///     @HyperParameter("Lion", "beta1", .fraction) public var beta1: Double
@propertyWrapper
public struct HyperParameter: Sendable {
  private let owner, name: String
  private let range: NumberRange
  private var value = Double.nan

  /// Creates a hyper-parameter that is still to be set. Messages name the owner and it.
  public init(_ owner: String, _ name: String, _ range: NumberRange) {
    (self.owner, self.name, self.range) = (owner, name, range)
  }

  /// The number.
  ///
  /// - Errors: traps when it is set to one out of the range.
  public var wrappedValue: Double {
    get { value }
    set { if range.check(newValue, name, of: owner) { value = newValue } }
  }
}
