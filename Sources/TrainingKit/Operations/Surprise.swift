extension Tensor {
  /// −log softmax of each row at its label, which is not checked.
  ///
  /// - Shape: `[rows, classes]` and int64 labels `[rows]` → `[rows]`, of float32 for halves.
  func surprise(at labels: Tensor) -> Tensor {
    let context = Context.current
    let surprise = Surprise(labels: labels.contiguous())
    let x = contiguous()
    let spec = TensorSpec([shape[0]], dtype.statistics)
    let y = context.results([spec], of: [x, surprise.labels], for: surprise) {
      (results) throws(DeviceFault) in
      try context.backend.surprise(x, at: surprise.labels, into: results[0])
    }
    return surprise.recorded(y[0], of: [x], in: context)
  }
}

/// How surprised rows of scores are by their labels: one node of the graph, which keeps the scores.
struct Surprise: Differentiable {
  let labels: Tensor

  var name: String { "crossEntropy" }
  var saves: Saved { .inputs }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let (context, x) = (Context.current, inputs[0])
    if context.isRecording { return [composed(gradient, x)] }
    let gradient = gradient.contiguous()
    let results = context.results(
      [TensorSpec(x.shape, x.dtype)], of: [x, labels, gradient], for: self
    ) { (results) throws(DeviceFault) in
      try context.backend.surpriseBackward(x, at: labels, gradient: gradient, into: results[0])
    }
    return Slopes(results[0])
  }

  /// The gradient in tensor operations, so that it has gradients.
  private func composed(_ gradient: Tensor, _ x: Tensor) -> Tensor {
    let isLabel = labels.expandedDimensions(axis: 1) .== Tensor.range(0, x.shape[1])
    let excess = x.cast(to: gradient.dtype).softmax() - isLabel.cast(to: gradient.dtype)
    return (gradient.expandedDimensions(axis: 1) * excess).cast(to: x.dtype)
  }
}

extension Observation {
  /// The logarithms of the denominators of a softmax whose logarithm was taken, as by a cross entropy: one for each row
  /// of scores, in float32 for halves; nil of other calls.
  ///
  /// - Numerics: from what was computed anyway. Rows whose labels do not take part have theirs, too.
  public var logNormalizers: Tensor? {
    guard let x = inputs.first?.detached(), let y = outputs.first?.detached() else { return nil }
    if let surprise = function as? Surprise {
      let scores = x.gather(surprise.labels.expandedDimensions(axis: 1), axis: 1)
      return y + scores.squeezed(axis: 1).cast(to: y.dtype)
    }
    guard let softmax = function as? SoftmaxForward, softmax.isLogarithm else { return nil }
    return x.max(axis: -1) - y.max(axis: -1)
  }
}
