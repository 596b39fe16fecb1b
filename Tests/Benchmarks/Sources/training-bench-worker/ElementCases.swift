import Foundation
import TrainingKit

/// Operations on elements and rows, with and without their gradients.
func elementCase(_ name: String, _ values: Case) throws -> (() throws -> Void)? {
  if let count = try? values.int("count") { return try embedding(name, count, values) }
  if let iteration = try movement(name, values) { return iteration }
  guard let rows = try? values.int("rows") else { return nil }
  let shape: Shape = [rows, try values.int("cols")]
  let inputs = Inputs(shape)
  if let operation = forward[name] {
    return { _ = operation(inputs) }
  }
  guard let operation = withGradients[name] else { return nil }
  let tracked = inputs.tracked
  let slope = Tensor.randomNormal(shape)
  return {
    let y = operation.compute(tracked)
    let cotangent = y.count == 1 ? Tensor.ones(y.shape) : slope
    _ = y.pullback(cotangent, to: operation.wanted.map { tracked[keyPath: $0] })
  }
}

private struct Inputs {
  var x, residual, weight, bias: Tensor
  let labels: Tensor

  init(_ shape: Shape) {
    let (rows, columns) = (shape[0], shape[1])
    (x, residual) = (Tensor.randomNormal(shape), Tensor.randomNormal(shape))
    (weight, bias) = (Tensor.ones([columns]), Tensor.zeros([columns]))
    labels = Tensor.randomIntegers([rows], in: 0..<columns)
  }

  var tracked: Inputs {
    var inputs = self
    (inputs.x, inputs.residual) = (x.tracked(), residual.tracked())
    (inputs.weight, inputs.bias) = (weight.tracked(), bias.tracked())
    return inputs
  }

  var normalizedShape: Shape { [x.shape[1]] }
}

private let forward: [String: @Sendable (Inputs) -> Tensor] = [
  "add": { $0.x + $0.residual },
  "mul_scalar": { $0.x * 1.5 },
  "relu": { $0.x.relu() },
  "leaky_relu": { $0.x.leakyReLU(slope: 0.01) },
  "elu": { $0.x.elu() },
  "gelu": { $0.x.gelu() },
  "gelu_tanh": { $0.x.gelu(.tanh) },
  "exp": { $0.x.exp() },
  "tanh": { $0.x.tanh() },
  "sigmoid": { $0.x.sigmoid() },
  "softmax": { $0.x.softmax() },
  "layernorm": { $0.x.layerNorm($0.normalizedShape) },
  "dropout": { $0.x.dropout(0.1) },
  "rand_normal": { Tensor.randomNormal($0.x.shape) },
  "sum_all": { $0.x.sum() },
  "sum_rows": { $0.x.sum(axis: -1) },
  "sum_cols": { $0.x.sum(axis: 0) },
  "max_rows": { $0.x.max(axis: -1) },
  "argmax_rows": { $0.x.argmax(axis: -1) },
  "var_rows": { $0.x.variance(axes: [-1]) },
  "transpose": { $0.x.transposed().contiguous() },
]

/// What is computed, and what its gradients are wanted of.
private struct Differentiated: Sendable {
  let wanted: [KeyPath<Inputs, Tensor> & Sendable]
  let compute: @Sendable (Inputs) -> Tensor

  init(
    _ wanted: [KeyPath<Inputs, Tensor> & Sendable] = [\.x],
    _ compute: @escaping @Sendable (Inputs) -> Tensor
  ) {
    (self.wanted, self.compute) = (wanted, compute)
  }
}

private let withGradients: [String: Differentiated] = [
  "relu_fb": Differentiated { $0.x.relu() },
  "gelu_fb": Differentiated { $0.x.gelu() },
  "bias_gelu_fb": Differentiated([\.x, \.bias]) { ($0.x + $0.bias).gelu() },
  "softmax_fb": Differentiated { $0.x.softmax() },
  "layernorm_fb": Differentiated([\.x, \.weight, \.bias]) {
    $0.x.layerNorm($0.normalizedShape, weight: $0.weight, bias: $0.bias)
  },
  "residual_layernorm_fb": Differentiated([\.x, \.residual, \.weight, \.bias]) {
    ($0.x + $0.residual).layerNorm($0.normalizedShape, weight: $0.weight, bias: $0.bias)
  },
  "cross_entropy_fb": Differentiated { crossEntropy($0.x, $0.labels) },
  "dropout_fb": Differentiated { $0.x.dropout(0.1) },
]

/// Elements that go from one place, order or type to another.
private func movement(_ name: String, _ values: Case) throws -> (() throws -> Void)? {
  func numbers(_ dtype: DType) throws -> Tensor {
    Tensor.randomNormal([try values.int("n")]).cast(to: dtype)
  }
  let types: [String: DType] = ["f32": .float32, "bf16": .bfloat16, "f16": .float16]
  let parts = name.components(separatedBy: "_to_")
  if parts.count == 2, let from = types[parts[0]], let to = types[parts[1]] {
    let x = try numbers(from)
    return { _ = x.cast(to: to) }
  }
  switch name {
  case "copy": throw Skip("tensors are values, and are copied when one is written")
  case "add_bf16":
    let (x, y) = (try numbers(.bfloat16), try numbers(.bfloat16))
    return { _ = x + y }
  case "permute_heads":
    let (rows, columns) = (try values.int("rows"), try values.int("cols"))
    let batch = rows.isMultiple(of: 16) ? 8 : 1
    let x = Tensor.randomNormal([batch, rows * columns / (batch * 512), 8, 64])
    return { _ = x.permuted(0, 2, 1, 3).contiguous() }
  default: return nil
  }
}

private func embedding(_ name: String, _ count: Int, _ values: Case) throws -> () throws -> Void {
  let (vocabulary, features) = (try values.int("vocab"), try values.int("d"))
  let table = Tensor.randomNormal([vocabulary, features])
  let places = Tensor.randomIntegers([count], in: 0..<vocabulary)
  if name == "embedding" { return { _ = table.embedding(places) } }
  let (tracked, slope) = (table.tracked(), Tensor.randomNormal([count, features]))
  return { _ = tracked.embedding(places).pullback(slope, to: [tracked]) }
}
