/// An initializer as tests go through it.
package struct InitializerSample: Sendable {
  package let initializer: Initializer
  /// A shape that it takes.
  package let shape: Shape

  init(_ initializer: Initializer, _ shape: Shape = [2, 3, 4]) {
    self.initializer = initializer
    self.shape = shape
  }
}

/// Every initializer, as tests go through them.
package enum InitializerCatalog {
  /// The rules with their defaults, and with arguments that matter.
  package static let all: [InitializerSample] = simple + scaled + structured

  private static let simple: [InitializerSample] = [
    .zeros, .ones, .constant(0.25), .uniform(-0.5, 2), .normal(), .normal(1, 0.1),
    .truncatedNormal(), .truncatedNormal(0.5, 0.02, lower: 0.53, upper: 0.6),
    .truncatedNormal(1, 0),
  ].map { InitializerSample($0) }

  private static let scaled: [InitializerSample] = [
    .xavierUniform(), .xavierUniform(gain: 2), .xavierNormal(), .xavierNormal(gain: 0.5),
    .heUniform(), .heUniform(for: .leakyReLU(0.2), mode: .fanOut), .heUniform(for: .tanh),
    .heNormal(), .heNormal(for: .selu), .heNormal(for: .sigmoid, mode: .fanOut),
    .heNormal(for: .linear, mode: .fanAverage), .lecunUniform(), .lecunNormal(),
  ].map { InitializerSample($0) }

  private static let structured = [
    InitializerSample(.orthogonal()), InitializerSample(.orthogonal(gain: 2), [5, 3]),
    InitializerSample(.identity, [3, 5]), InitializerSample(.dirac(), [3, 2, 3]),
    InitializerSample(.dirac(groups: 2), [4, 3, 2, 3]), InitializerSample(.sparse(0.3), [5, 4]),
  ]
}
