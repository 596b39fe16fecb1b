internal import TrainingKit

/// A weight that no usual start gives, and the bias beside it.
struct IllStartedWeight {
  let weight: Parameter
  let bias: Parameter?

  /// Starts them anew: the scales of a norm at one and its shifts at zero, whatever matrices start by.
  func startAnew(_ start: Remedy.Start, _ generator: RandomGenerator) {
    let isMatrix = weight.value.rank >= 2
    weight.start(by: isMatrix ? start.weight : .ones, generator)
    bias?.start(by: isMatrix ? start.bias(besideWeight: weight.value.shape) : .zeros, generator)
  }
}

extension Module {
  /// The trainable weights that are far from a usual start.
  ///
  /// Of matrices the scale is a factor of three or more from that start's, rows are alike, or biases outweigh what they
  /// make of usual inputs; of norms scales are a factor of three or more from one, or shifts are as large as they.
  func illStartedWeights(beside start: Remedy.Start) -> [IllStartedWeight] {
    let parameters = parameters
    let biases = Dictionary(uniqueKeysWithValues: parameters.map { ($0.path, $0.parameter) })
    return parameters.compactMap { named in
      guard named.parameter.isTrainable else { return nil }
      let bias = named.path.biasBeside.flatMap { biases[$0] }
      let (weight, shift) = (
        named.parameter.value.detached(), bias?.value.detached().statistics.rms ?? 0
      )
      guard weight.rank >= 2 || bias != nil else { return nil }
      let isIll =
        weight.rank >= 2
        ? Self.isIllMatrix(weight, shift, beside: start) : Self.isIllNorm(weight, shift)
      return isIll ? IllStartedWeight(weight: named.parameter, bias: bias) : nil
    }
  }

  private static func isIllMatrix(
    _ weight: Tensor, _ shift: Double, beside start: Remedy.Start
  ) -> Bool {
    let fanIn = weight.count / weight.shape[0]
    let rms = weight.statistics.rms
    return !(0.3...3).contains(rms / start.rms(fanIn: fanIn)) || weight.hasRowsAlike
      || shift > 2 * rms * Double(fanIn).squareRoot()
  }

  private static func isIllNorm(_ weight: Tensor, _ shift: Double) -> Bool {
    let scale = weight.statistics.rms
    return !(0.3...3).contains(scale) || shift >= scale
  }
}

extension Tensor {
  /// Whether the first row, the middle one and the last one are the same, as those of a constant start stay.
  fileprivate var hasRowsAlike: Bool {
    guard shape[0] >= 3 else { return false }
    return self[0].isIdentical(to: self[shape[0] / 2]) && self[0].isIdentical(to: self[-1])
  }
}

extension String {
  /// The path of the bias beside a weight of this path.
  fileprivate var biasBeside: String? {
    hasSuffix("weight") ? dropLast("weight".count) + "bias" : nil
  }
}

extension Parameter {
  fileprivate func start(by rule: Initializer, _ generator: RandomGenerator) {
    value = rule(value.shape, dtype: value.dtype, generator: generator)
  }
}

extension Remedy.Start {
  fileprivate var weight: Initializer {
    switch self {
    case .he: .heNormal()
    case .layers: .layerWeight
    case .small: .normal(0, 0.02)
    }
  }

  /// The scale that it gives a matrix.
  fileprivate func rms(fanIn: Int) -> Double {
    switch self {
    case .he: (2 / Double(fanIn)).squareRoot()
    case .layers: (1 / Double(3 * fanIn)).squareRoot()
    case .small: 0.02
    }
  }

  fileprivate func bias(besideWeight shape: Shape) -> Initializer {
    self == .layers ? .layerBias(besideWeight: shape) : .zeros
  }
}
