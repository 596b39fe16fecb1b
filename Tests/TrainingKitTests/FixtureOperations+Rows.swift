import TestSupport
import TrainingKit

extension FixtureOperations {
  static let rows: [String: Call] = [
    "softmax": { [$0.inputs[0].softmax(axis: $0.int("axis"))] },
    "logSoftmax": { [$0.inputs[0].logSoftmax(axis: $0.int("axis"))] },
    "layerNorm": {
      [
        $0["input"].layerNorm(
          Shape($0.ints("normalizedShape")), weight: $0.optional("weight"),
          bias: $0.optional("bias"), epsilon: $0.number("epsilon"))
      ]
    },
    "rmsNorm": {
      [
        $0["input"].rmsNorm(
          Shape($0.ints("normalizedShape")), weight: $0.optional("weight"),
          epsilon: $0.number("epsilon"))
      ]
    },
    "groupNorm": {
      [
        $0["input"].groupNorm(
          groups: $0.int("groups"), weight: $0["weight"], bias: $0["bias"],
          epsilon: $0.number("epsilon"))
      ]
    },
    "instanceNorm": {
      [
        $0["input"].instanceNorm(
          weight: $0["weight"], bias: $0["bias"], epsilon: $0.number("epsilon"))
      ]
    },
    "batchNorm": batchNorm,
    "scaledDotProductAttention": {
      [
        scaledDotProductAttention(
          query: $0["query"], key: $0["key"], value: $0["value"], mask: $0.optional("mask"),
          isCausal: $0.flag("isCausal"), scale: $0.attributes["scale"]?.number)
      ]
    },
  ]

  /// Training gives the running statistics too, moved toward those of the batch as the layer does.
  private static func batchNorm(_ call: FixtureCall) -> [Tensor] {
    let x = call["input"]
    let (weight, bias) = (call.optional("weight"), call.optional("bias"))
    let epsilon = call.number("epsilon")
    guard call.flag("training") else {
      return [
        x.batchNorm(
          mean: call["runningMean"], variance: call["runningVariance"], weight: weight, bias: bias,
          epsilon: epsilon)
      ]
    }
    let (y, mean, variance) = x.batchNorm(weight: weight, bias: bias, epsilon: epsilon)
    let momentum = call.number("momentum")
    func moved(_ running: Tensor, toward batch: Tensor) -> Tensor {
      let old = running.cast(to: batch.dtype)
      return (old * (1 - momentum) + batch.detached() * momentum).cast(to: x.dtype)
    }
    return [
      y, moved(call["runningMean"], toward: mean),
      moved(call["runningVariance"], toward: variance),
    ]
  }

  static let shapes: [String: Call] = [
    "reshape": { [$0.inputs[0].reshaped($0.ints("shape"))] },
    "permute": { [$0.inputs[0].permuted($0.ints("axes"))] },
    "transposed": { [$0.inputs[0].transposed($0.ints("axes")[0], $0.ints("axes")[1])] },
    "squeeze": { [$0.inputs[0].squeezed(axis: $0.int("axis"))] },
    "expandDims": { [$0.inputs[0].expandedDimensions(axis: $0.int("axis"))] },
    "broadcast": { [$0.inputs[0].broadcast(to: Shape($0.ints("shape")))] },
    "slice": { call in
      let (starts, ends, steps) = (call.ints("starts"), call.ints("ends"), call.ints("steps"))
      return [
        starts.indices.reduce(call.inputs[0]) { x, axis in
          let whole = [TensorIndexPosition](repeating: .all, count: axis)
          return x.subscripted(whole + [.from(starts[axis], to: ends[axis], by: steps[axis])])
        }
      ]
    },
    "split": { $0.inputs[0].split(sizes: $0.ints("sizes"), axis: $0.int("axis")) },
    "pad": { call in
      let widths = call.attributes["widths"]!.list.map { (before: $0.ints[0], after: $0.ints[1]) }
      return [call.inputs[0].padded(widths, value: call.number("value"))]
    },
    "flip": { [$0.inputs[0].flipped(axes: $0.ints("axes"))] },
    "repeat": { [$0.inputs[0].repeated($0.ints("counts"))] },
    "concatenate": { [concatenate($0.inputs, axis: $0.int("axis"))] },
    "stack": { [stack($0.inputs, axis: $0.int("axis"))] },
    "gather": { [$0["x"].gather($0["indices"], axis: $0.int("axis"))] },
    "scatterAdd": {
      [$0["x"].scatterAdd(axis: $0.int("axis"), index: $0["indices"], source: $0["source"])]
    },
    "indexSelect": { [$0["x"].taking($0["indices"], axis: $0.int("axis"))] },
    "embedding": { [$0["weight"].embedding($0["indices"])] },
    "oneHot": { [$0["indices"].oneHot(classes: $0.int("count"))] },
    "sort": {
      let (values, indices) = $0.inputs[0].sorted(
        axis: $0.int("axis"), descending: $0.flag("descending"))
      return [values, indices]
    },
    "topK": {
      let (values, indices) = $0.inputs[0].topK(
        $0.int("count"), axis: $0.int("axis"), largest: $0.flag("largest"))
      return [values, indices]
    },
    "cast": { [$0.inputs[0].cast(to: DType(named: $0.attributes["to"]!.text))] },
  ]
}
