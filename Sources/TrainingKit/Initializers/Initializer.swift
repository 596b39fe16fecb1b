/// How the values of a parameter start: a rule that makes them from a shape.
///
///     Linear(64, 128, initializer: .heUniform(for: .leakyReLU(0.01)))
///     let start = Initializer.normal(0, 0.02)([128, 64])
public struct Initializer: Sendable {
  private let rule: any InitializerRule

  init(_ rule: some InitializerRule) { self.rule = rule }
}

/// What an initializer does. Its description is the call that makes it.
protocol InitializerRule: Sendable, Hashable, CustomStringConvertible {
  /// What is wrong with the rule itself, or with such a shape.
  func mistake(for shape: Shape) -> TensorError?

  /// The values, for a shape of at least one element that is no mistake.
  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor
}

extension Initializer {
  /// Makes the values of a parameter.
  ///
  /// - Parameters:
  ///   - shape: `[outputs, inputs, …window]` for the rules that tell outputs from inputs.
  ///   - generator: where random numbers come from.
  /// - Numerics: the same values as PyTorch's from its generator of the same seed.
  /// - Errors: traps when the rule counts fans and the shape has less than two axes, and when an
  ///   argument of the rule is out of its range.
  public func callAsFunction(
    _ shape: Shape, dtype: DType = .float32, generator: RandomGenerator = .current
  ) -> Tensor {
    if let mistake = mistake(for: shape) {
      Context.current.fail(mistake)
      return .hollow(shape, dtype)
    }
    return shape.count > 0
      ? rule.values(shape, dtype, generator) : .zeros(shape, dtype: dtype)
  }

  /// Why the initializer cannot make values of a shape; nil when it can.
  package func mistake(for shape: Shape) -> TensorError? { rule.mistake(for: shape) }
}

extension Initializer: Hashable {
  /// Whether the rules and their arguments are equal.
  public static func == (a: Self, b: Self) -> Bool { AnyHashable(a.rule) == AnyHashable(b.rule) }

  /// Feeds the rule and its arguments.
  public func hash(into hasher: inout Hasher) { rule.hash(into: &hasher) }
}

extension Initializer: CustomStringConvertible {
  /// The call that makes the rule, such as `heUniform(for: relu, mode: fanIn)`.
  public var description: String { rule.description }
}
