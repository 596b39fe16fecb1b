import TrainingKit

/// Updates of many parameters.
func updateCase(_ name: String, _ values: Case) throws -> (() throws -> Void)? {
  guard let rule = rules[name] else { return nil }
  let model = Tensors(count: try values.int("tensors"), size: try values.int("size"))
  let gradients = model.constantGradients
  if name == "clip_grad_norm" { return { _ = gradients.clipped(toGlobalNorm: 1) } }
  var optimizer = rule
  guard name == "clip_adamw" else {
    return { optimizer.update(model, with: gradients, learningRate: 1e-4) }
  }
  return {
    optimizer.update(
      model, with: gradients.clipped(toGlobalNorm: 1).gradients, learningRate: 1e-4)
  }
}

private let rules: [String: any Optimizer] = [
  "sgd": SGD(), "sgd_momentum": SGD(momentum: 0.9), "rmsprop": RMSprop(), "adam": Adam(),
  "adamw": AdamW(weightDecay: 0.1), "clip_grad_norm": SGD(), "clip_adamw": AdamW(weightDecay: 0.1),
]

private final class Tensors: Module {
  let values: [Parameter]

  init(count: Int, size: Int) {
    values = (0..<count).map { _ in Parameter(Tensor.randomNormal([size])) }
  }

  func forward(_ slopes: [Tensor]) -> Tensor {
    zip(values, slopes).reduce(Tensor.zeros([])) { $0 + ($1.0.value * $1.1).sum() }
  }

  /// Gradients as a loss of fixed slopes has them.
  var constantGradients: Gradients {
    let slopes = values.map { Tensor.randomNormal($0.value.shape, standardDeviation: 1e-3) }
    return gradients(of: self(slopes))
  }
}
