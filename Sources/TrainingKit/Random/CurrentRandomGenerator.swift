extension RandomGenerator {
  /// The generator of the innermost ``withRandomGenerator(_:_:)`` on this thread, or else the one
  /// of the process.
  ///
  /// The process's generator starts from a fixed seed; set its `state` for another:
  ///
  ///     RandomGenerator.current.state = RandomState(seed: 7)
  public static var current: RandomGenerator {
    Context.current.scoped(RandomGenerator.self) ?? process
  }

  // PyTorch's default seed.
  private static let process = RandomGenerator(seed: 67_280_421_310_721)
}

/// Runs `body` with a generator that everything in it draws from, unless told otherwise.
///
///     let model = withRandomGenerator(RandomGenerator(seed: 0)) { Linear(3, 2) }
public func withRandomGenerator<Result>(
  _ generator: RandomGenerator, _ body: () throws -> Result
) rethrows -> Result {
  try Context.current.scoping(generator, body)
}
