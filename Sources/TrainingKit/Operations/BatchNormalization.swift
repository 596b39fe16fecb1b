/// Each channel over the batch and all places, at mean 0 and variance 1, scaled and shifted: one node of the graph.
struct BatchNormalization: Differentiable {
  let statistics: ChannelStatistics
  let weight, bias: Tensor?

  var name: String { "batchNorm" }

  /// The output of contiguous `x`, and the node that it has.
  static func applied(
    to x: Tensor, epsilon: Double, weight: Tensor?, bias: Tensor?
  ) -> (function: BatchNormalization, output: Tensor) {
    let (context, wide) = (Context.current, x.dtype.statistics)
    let (factor, shift) = (weight?.plain(wide), bias?.plain(wide))
    let perChannel = TensorSpec([x.shape[1]], wide)
    func function(_ results: [Tensor]) -> BatchNormalization {
      BatchNormalization(
        statistics: ChannelStatistics(mean: results[1], variance: results[2], root: results[3]),
        weight: factor,
        bias: shift)
    }
    let specs = [TensorSpec(x.shape, x.dtype), perChannel, perChannel, perChannel]
    let results = context.results(
      specs, of: Operands([x] + [factor, shift].compactMap(\.self)),
      for: function(specs.map { .hollow($0.shape, $0.dtype) })
    ) { (results) throws(DeviceFault) in
      try context.backend.batchNorm(
        x, epsilon: epsilon, weight: factor, bias: shift, into: results[0],
        function(results).statistics)
    }
    return (function(results), results[0])
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    Context.current.isRecording
      ? composed(gradient, inputs) : inOnePass(gradient.contiguous(), inputs)
  }

  private func inOnePass(_ gradient: Tensor, _ inputs: Operands) -> Slopes {
    let context = Context.current
    let x = inputs[0].contiguous()
    let wanted = inputs.indices.filter { inputs[$0].requiresGradient }
    let results = context.results(
      wanted.map {
        $0 == 0
          ? TensorSpec(x.shape, x.dtype) : TensorSpec(statistics.mean.shape, statistics.mean.dtype)
      },
      of: Operands([gradient, x, statistics.mean] + [weight].compactMap(\.self)), for: self
    ) { (results) throws(DeviceFault) in
      func result(_ input: Int?) -> Tensor? {
        input.flatMap { wanted.firstIndex(of: $0) }.map { results[$0] }
      }
      try context.backend.batchNormBackward(
        gradient, x, statistics, weight: weight, into: result(0), result(weightPlace),
        result(biasPlace))
    }
    var gradients: [Tensor?] = inputs.map { _ in nil }
    for (input, result) in zip(wanted, results) {
      gradients[input] = result.cast(to: inputs[input].dtype)
    }
    return Slopes(gradients)
  }

  /// Which of the inputs is the weight.
  private var weightPlace: Int? { weight == nil ? nil : 1 }
  /// Which of the inputs is the bias.
  private var biasPlace: Int? { bias == nil ? nil : weight == nil ? 1 : 2 }

  /// The gradients in tensor operations, so that they have gradients.
  private func composed(_ gradient: Tensor, _ inputs: Operands) -> Slopes {
    let (x, mean) = (inputs[0], statistics.mean)
    let gradient = gradient.cast(to: mean.dtype)
    let axes = (0..<x.rank).filter { $0 != 1 }
    let root = statistics.root.forChannels(of: x)
    let sample = StandardizedSample(
      values: (x.detached().cast(to: mean.dtype) - mean.forChannels(of: x)) * root, root: root,
      axes: axes,
      isCentered: true)
    let (values, factor) = sample.functions(of: x)
    return Slopes(
      inputs.indices.map { place in
        guard inputs[place].requiresGradient else { return nil }
        if place == 0 {
          let weight = weightPlace.map { inputs[$0].cast(to: mean.dtype).forChannels(of: x) }
          let inner = weight.map { gradient * $0 } ?? gradient
          return sample.slope(inner, values, factor).cast(to: x.dtype)
        }
        let slope = place == weightPlace ? gradient * values : gradient
        return slope.sum(axes: axes).cast(to: inputs[place].dtype)
      })
  }
}
