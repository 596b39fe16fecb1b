/// Every initializer, as tests go through them.
package enum InitializerCatalog {
  /// The rules with their defaults, and with arguments that matter.
  package static let all: [Initializer] = [
    .zeros, .ones, .constant(0.25), .uniform(-0.5, 2), .normal(), .normal(1, 0.1),
    .xavierUniform(), .xavierUniform(gain: 2), .xavierNormal(), .xavierNormal(gain: 0.5),
    .heUniform(), .heUniform(for: .leakyReLU(0.2), mode: .fanOut), .heUniform(for: .tanh),
    .heNormal(), .heNormal(for: .selu), .heNormal(for: .sigmoid, mode: .fanOut),
    .heNormal(for: .linear),
  ]
}
