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
      LayerNormalization.applied(
        to: contiguous(), axes: axes, isCentered: isCentered, epsilon: epsilon, weight: weight,
        bias: bias, keptAs: autocast?.dtype ?? dtype, resultType: autocast == nil ? dtype : .float32
      )
    }
    return node.recorded(
      output, of: Operands([self] + [weight, bias].compactMap(\.self)), in: context)
  }
}

/// A standardized sample, scaled and shifted: one node of the graph, which keeps the sample and no input.
///
/// It is an object because the optimizer of Swift 6.2 leaves the memory of a structure's weight held in release builds:
/// CatalogLeakTests sees it there.
private final class LayerNormalization: Differentiable {
  let sample: StandardizedSample
  let weight, bias: Tensor?

  init(sample: StandardizedSample, weight: Tensor?, bias: Tensor?) {
    (self.sample, self.weight, self.bias) = (sample, weight, bias)
  }

  var name: String { sample.isCentered ? "layerNorm" : "rmsNorm" }
  var saves: Saved { [] }

  /// The sample of each row in one pass, and what the weight and the bias make of it.
  static func applied(
    to x: Tensor, axes: [Int], isCentered: Bool, epsilon: Double, weight: Tensor?, bias: Tensor?,
    keptAs dtype: DType, resultType: DType
  ) -> (LayerNormalization, Tensor) {
    let (context, wide) = (Context.current, x.dtype.statistics)
    let (factor, shift) = (weight?.plain(wide), bias?.plain(wide))
    let roots = Shape(x.shape.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
    // Where nothing is scaled, the sample is the result.
    let isScaled = weight != nil || bias != nil || resultType != dtype
    let function = LayerNormalization(
      sample: StandardizedSample(
        values: .hollow(x.shape, dtype), root: .hollow(roots, wide), axes: axes,
        isCentered: isCentered), weight: weight, bias: bias)
    let results = context.results(
      [TensorSpec(x.shape, dtype), TensorSpec(roots, wide)]
        + (isScaled ? [TensorSpec(x.shape, resultType)] : []),
      of: Operands([x] + [factor, shift].compactMap(\.self)), for: function
    ) { (results) throws(DeviceFault) in
      try context.backend.standardize(
        x, isCentered: isCentered, epsilon: epsilon, weight: factor, bias: shift,
        into: results[0], results[1], isScaled ? results[2] : nil)
    }
    let sample = StandardizedSample(
      values: results[0], root: results[1], axes: axes, isCentered: isCentered)
    return (
      LayerNormalization(sample: sample, weight: weight, bias: bias), results[isScaled ? 2 : 0]
    )
  }

  func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)? {
    let isRounded = sample.values.dtype != sample.root.dtype
    guard inputs[0].dtype == sample.root.dtype, !isRounded || sample.values.dtype == dtype else {
      return nil
    }
    return { [self] in sample.values.cast(to: sample.root.dtype).scaled(weight, bias) }
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    Context.current.isRecording
      ? composed(gradient, inputs) : inOnePass(gradient.contiguous(), inputs)
  }

  /// The gradients in one pass over rows.
  private func inOnePass(_ gradient: Tensor, _ inputs: Operands) -> Slopes {
    let (context, wide) = (Context.current, sample.root.dtype)
    let (factor, x, pieceLength) = (weight?.plain(wide), inputs[0], 64)
    let width = sample.values.count / Swift.max(1, sample.root.count)
    let sums = TensorSpec([(sample.root.count + pieceLength - 1) / pieceLength, width], wide)
    let wanted = inputs.indices.filter { inputs[$0].requiresGradient }
    let results = context.results(
      wanted.map { $0 == 0 ? TensorSpec(x.shape, x.dtype) : sums },
      of: Operands([gradient, sample.values, sample.root] + [factor].compactMap(\.self)), for: self
    ) { (results) throws(DeviceFault) in
      func result(_ input: Int?) -> Tensor? {
        input.flatMap { wanted.firstIndex(of: $0) }.map { results[$0] }
      }
      try context.backend.standardizeBackward(
        gradient, isCentered: sample.isCentered, weight: factor, values: sample.values,
        roots: sample.root, into: result(0), result(weightPlace), result(biasPlace),
        pieceLength: pieceLength)
    }
    var gradients: [Tensor?] = inputs.map { _ in nil }
    for (input, result) in zip(wanted, results) {
      gradients[input] =
        input == 0
        ? result
        : result.sum(axis: 0).reshaped(inputs[input].shape).cast(to: inputs[input].dtype)
    }
    return Slopes(gradients)
  }

  /// Which of the inputs is the weight.
  private var weightPlace: Int? { weight == nil ? nil : 1 }
  /// Which of the inputs is the bias.
  private var biasPlace: Int? { bias == nil ? nil : weight == nil ? 1 : 2 }

  /// The gradients in tensor operations, so that they have gradients.
  private func composed(_ gradient: Tensor, _ inputs: Operands) -> Slopes {
    let (x, gradient) = (inputs[0], gradient.cast(to: sample.root.dtype))
    let (values, root) = sample.functions(of: x)
    let inner = weight.map { gradient * $0 } ?? gradient
    let toInput = x.requiresGradient ? sample.slope(inner, values, root).cast(to: x.dtype) : nil
    return Slopes(
      [toInput]
        + inputs.indices.dropFirst().map { place in
          guard inputs[place].requiresGradient else { return nil }
          let slope = place == weightPlace ? gradient * values : gradient
          return slope.reduced(like: inputs[place])
        })
  }
}

extension Tensor {
  /// Contiguous elements of a dtype, without their past.
  func plain(_ dtype: DType) -> Tensor { detached().cast(to: dtype).contiguous() }
}
