extension Tensor {
  /// Brings each sample to mean 0 and variance 1 over its last axes, then scales and shifts it.
  ///
  /// - Shape: `[…, normalizedShape]`, with a weight and a bias of `normalizedShape` → the same.
  /// - Units: `epsilon` is added to the variance.
  /// - Numerics: statistics in float32 for halves.
  /// - Gradient: exact in every order.
  /// - Errors: traps when the last axes are not `normalizedShape`.
  /// - Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450.
  public func layerNorm(
    _ normalizedShape: Shape, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
  ) -> Tensor {
    checked { () throws(TensorError) in
      let axes = try trailingAxes(normalizedShape, weight, bias, "layerNorm")
      return normalized(axes, isCentered: true, epsilon, weight, bias)
    }
  }

  /// Divides each sample by the root of its mean square over its last axes, then scales it.
  ///
  /// - Shape: `[…, normalizedShape]`, with a weight of `normalizedShape` → the same.
  /// - Parameter epsilon: added to the mean square; the machine epsilon of what statistics are
  ///   computed in unless given.
  /// - Numerics: statistics in float32 for halves.
  /// - Gradient: exact in every order.
  /// - Errors: traps when the last axes are not `normalizedShape`.
  /// - Source: Zhang and Sennrich 2019, arXiv:1910.07467.
  public func rmsNorm(
    _ normalizedShape: Shape, weight: Tensor? = nil, epsilon: Double? = nil
  ) -> Tensor {
    checked { () throws(TensorError) in
      let axes = try trailingAxes(normalizedShape, weight, nil, "rmsNorm")
      let epsilon = epsilon ?? dtype.statistics.machineEpsilon
      return normalized(axes, isCentered: false, epsilon, weight, nil)
    }
  }

  /// The axes of `normalizedShape`, the last ones.
  private func trailingAxes(
    _ normalizedShape: Shape, _ weight: Tensor?, _ bias: Tensor?, _ operation: String
  ) throws(TensorError) -> [Int] {
    try expectFloatingPoint(operation)
    guard normalizedShape.rank > 0,
      Array(shape.suffix(normalizedShape.rank)) == Array(normalizedShape)
    else {
      let axes = normalizedShape.map(String.init).joined(separator: ", ")
      throw .shape(operation, expected: "[…, \(axes)]", got: shape)
    }
    for case let scale? in [weight, bias] where scale.shape != normalizedShape {
      throw .shape(
        operation, expected: "a weight and a bias of \(normalizedShape)", got: scale.shape)
    }
    return Array((rank - normalizedShape.rank)..<rank)
  }

  private func normalized(
    _ axes: [Int], isCentered: Bool, _ epsilon: Double, _ weight: Tensor?, _ bias: Tensor?
  ) -> Tensor {
    let context = Context.current
    let autocast = dtype.isCastByAutocast ? context.autocast : nil
    let (node, output) = withoutGradients {
      let real = cast(to: dtype.statistics)
      let centered = isCentered ? real - real.mean(axes: axes, keepDims: true) : real
      let root = (centered.square().mean(axes: axes, keepDims: true) + epsilon).rsqrt()
      let values = consume centered * root
      let sample = StandardizedSample(
        values: values.cast(to: autocast?.dtype ?? dtype), root: root, axes: axes,
        isCentered: isCentered)
      return (
        LayerNormalization(sample: sample, weight: weight, bias: bias),
        values.scaled(weight, bias).cast(to: autocast == nil ? dtype : .float32)
      )
    }
    return node.recorded(output, of: [self] + [weight, bias].compactMap(\.self), in: context)
  }
}

/// A standardized sample, scaled and shifted: one node of the graph, which keeps the sample and no input.
private struct LayerNormalization: Differentiable {
  let sample: StandardizedSample
  let weight, bias: Tensor?

  var name: String { sample.isCentered ? "layerNorm" : "rmsNorm" }
  var saves: Saved { [] }

  func remaking(_ inputs: [Tensor], as dtype: DType) -> (() -> Tensor)? {
    let isRounded = sample.values.dtype != sample.root.dtype
    guard inputs[0].dtype == sample.root.dtype, !isRounded || sample.values.dtype == dtype else {
      return nil
    }
    return { sample.values.cast(to: sample.root.dtype).scaled(weight, bias) }
  }

  func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] {
    let x = inputs[0]
    let (values, root) = sample.functions(of: x)
    let gradient = gradient.cast(to: values.dtype)
    let inner = weight.map { gradient * $0 } ?? gradient
    let toInput = x.requiresGradient ? sample.slope(inner, values, root).cast(to: x.dtype) : nil
    return [toInput]
      + inputs.dropFirst().enumerated().map { position, input in
        guard input.requiresGradient else { return nil }
        let isWeight = weight != nil && position == 0
        return (isWeight ? gradient * values : gradient).reduced(like: input)
      }
  }
}

/// What is left of a sample when its mean, if it `isCentered`, and its length are taken off: values of mean square 1,
/// and one over the root of what was the mean square.
private struct StandardizedSample {
  /// In 16 bits under an autocast: they are at most the root of their number, which no dtype is too short for.
  let values: Tensor
  let root: Tensor
  let axes: [Int]
  let isCentered: Bool

  /// The values and the root as functions of the sample they came from.
  func functions(of x: Tensor) -> (values: Tensor, root: Tensor) {
    let values = values.cast(to: root.dtype)
    return (
      Part(sample: self, isRoot: false).recorded(values, of: [x], in: .current),
      Part(sample: self, isRoot: true).recorded(root, of: [x], in: .current)
    )
  }

  /// What a gradient of the values is to the sample: what would only change its mean or length does not get through.
  func slope(_ gradient: Tensor, _ values: Tensor, _ root: Tensor) -> Tensor {
    let along = (gradient * values).mean(axes: axes, keepDims: true)
    let across = gradient - values * along
    guard isCentered else { return consume across * root }
    return (consume across - gradient.mean(axes: axes, keepDims: true)) * root
  }

  /// The values or the root, for derivatives of higher order.
  private struct Part: Differentiable {
    let sample: StandardizedSample
    let isRoot: Bool

    var name: String { isRoot ? "standardizedRoot" : "standardized" }
    var saves: Saved { [] }

    func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] {
      let (values, root) = sample.functions(of: inputs[0])
      let count = Double(values.count / Swift.max(1, root.count))
      let slope =
        isRoot ? -values * root * root * gradient / count : sample.slope(gradient, values, root)
      return [slope.cast(to: inputs[0].dtype)]
    }
  }
}
