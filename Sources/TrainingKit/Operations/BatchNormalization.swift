/// Each channel over the batch and all places, at mean 0 and variance 1, scaled and shifted: one node of the graph.
package struct BatchNormalization: Differentiable {
  /// Of the batch, one for each channel; the variance is the biased one.
  let mean, variance, root: Tensor
  let weight, bias: Tensor?

  package var name: String { "batchNorm" }

  /// What gives the output of contiguous `x`, in one pass where a channel fits into the cache.
  static func applied(
    to x: Tensor, epsilon: Double, weight: Tensor?, bias: Tensor?
  ) -> (function: BatchNormalization, output: Tensor) {
    let (context, wide) = (Context.current, x.dtype.statistics)
    let (factor, shift) = (weight?.plain(wide), bias?.plain(wide))
    let perChannel = TensorSpec([x.shape[1]], wide)
    func function(_ statistics: ArraySlice<Tensor>) -> BatchNormalization {
      let first = statistics.startIndex
      return BatchNormalization(
        mean: statistics[first], variance: statistics[first + 1], root: statistics[first + 2],
        weight: factor,
        bias: shift)
    }
    let hollow = Tensor.hollow(perChannel.shape, wide)
    let results = context.results(
      [TensorSpec(x.shape, x.dtype), perChannel, perChannel, perChannel],
      of: [x] + [factor, shift].compactMap(\.self), for: function([hollow, hollow, hollow])
    ) { (results) throws(NoRoom) in
      context.backend.batchNorm(x, epsilon: epsilon, function(results[1...]), into: results[0])
    }
    return (function(results[1...]), results[0])
  }

  package func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] {
    Context.current.isRecording
      ? composed(gradient, inputs) : inOnePass(gradient.contiguous(), inputs)
  }

  private func inOnePass(_ gradient: Tensor, _ inputs: [Tensor]) -> [Tensor?] {
    let context = Context.current
    let x = inputs[0].contiguous()
    let wanted = inputs.indices.filter { inputs[$0].requiresGradient }
    let results = context.results(
      wanted.map { $0 == 0 ? TensorSpec(x.shape, x.dtype) : TensorSpec(mean.shape, mean.dtype) },
      of: [gradient, x, mean, root] + [weight].compactMap(\.self), for: self
    ) { (results) throws(NoRoom) in
      func result(_ input: Int?) -> Tensor? {
        input.flatMap { wanted.firstIndex(of: $0) }.map { results[$0] }
      }
      context.backend.batchNormBackward(
        gradient, x, self, into: result(0), result(weightPlace), result(biasPlace))
    }
    var gradients: [Tensor?] = inputs.map { _ in nil }
    for (input, result) in zip(wanted, results) {
      gradients[input] = result.cast(to: inputs[input].dtype)
    }
    return gradients
  }

  /// Which of the inputs is the weight.
  private var weightPlace: Int? { weight == nil ? nil : 1 }
  /// Which of the inputs is the bias.
  private var biasPlace: Int? { bias == nil ? nil : weight == nil ? 1 : 2 }

  /// The gradients in tensor operations, so that they have gradients.
  private func composed(_ gradient: Tensor, _ inputs: [Tensor]) -> [Tensor?] {
    let x = inputs[0], gradient = gradient.cast(to: mean.dtype)
    let axes = (0..<x.rank).filter { $0 != 1 }
    let root = root.forChannels(of: x)
    let sample = StandardizedSample(
      values: (x.detached().cast(to: mean.dtype) - mean.forChannels(of: x)) * root, root: root,
      axes: axes,
      isCentered: true)
    let (values, _) = sample.functions(of: x)
    return inputs.indices.map { place in
      guard inputs[place].requiresGradient else { return nil }
      if place == 0 {
        let weight = weightPlace.map { inputs[$0].cast(to: mean.dtype).forChannels(of: x) }
        return sample.slope(of: weight.map { gradient * $0 } ?? gradient, to: x)
      }
      let slope = place == weightPlace ? gradient * values : gradient
      return slope.sum(axes: axes).cast(to: inputs[place].dtype)
    }
  }
}
