extension Initializer {
  /// How weights of linear and convolutional layers start unless told otherwise: evenly spread
  /// within ±1/√fan-in.
  ///
  /// - Source: PyTorch's layers, which call He's rule with a slope of √5.
  package static let layerWeight = heUniform(for: .leakyReLU(5.0.squareRoot()))

  /// How the biases beside such a weight start: evenly spread within ±1/√fan-in.
  package static func layerBias(besideWeight shape: Shape) -> Self {
    guard let inputs = Fans(shape)?.in, inputs > 0 else { return .uniform(0, 0) }
    let bound = 1 / Double(inputs).squareRoot()
    return .uniform(-bound, bound)
  }
}
