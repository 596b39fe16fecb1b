/// What a layer's output goes through next: it decides how large weights start.
public enum Nonlinearity: Sendable, Hashable {
  /// Nothing, after a linear or convolutional layer.
  case linear
  /// The logistic sigmoid.
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// The rectifier.
  case relu
  /// The rectifier with the given slope below zero.
  case leakyReLU(Double)
  /// The self-normalizing exponential unit.
  case selu

  /// The factor by which weights grow, so that signals keep their variance through the function.
  ///
  /// - Source: PyTorch's `calculate_gain`.
  public var gain: Double {
    switch self {
    case .linear, .sigmoid: 1
    case .tanh: 5.0 / 3
    case .relu: 2.0.squareRoot()
    case .leakyReLU(let slope): (2 / (1 + slope * slope)).squareRoot()
    case .selu: 0.75
    }
  }
}

/// Which neighbours of a weight an initializer counts.
public enum FanMode: Sendable, Hashable {
  /// The values that an output is made of: keeps the variance of signals.
  case fanIn
  /// The values that an input goes into: keeps the variance of gradients.
  case fanOut
  /// The mean of the two: a compromise.
  case fanAverage
}

/// How many values each output is made of, and how many each input goes into.
package struct Fans: Sendable, Hashable {
  package let `in`, out: Int

  /// The fans of a weight `[outputs, inputs, …window]`; nil when it has less than two axes.
  package init?(_ shape: Shape) {
    guard shape.rank >= 2 else { return nil }
    let window = shape.dropFirst(2).reduce(1, *)
    self.in = shape[1] * window
    out = shape[0] * window
  }

  func count(_ mode: FanMode) -> Double {
    switch mode {
    case .fanIn: Double(self.in)
    case .fanOut: Double(out)
    case .fanAverage: Double(self.in + out) / 2
    }
  }
}
