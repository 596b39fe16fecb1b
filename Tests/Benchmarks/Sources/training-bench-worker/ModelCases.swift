import TrainingKit

/// Whole training steps.
func modelCase(_ name: String, _ values: Case) throws -> (() throws -> Void)? {
  switch name {
  case "gpt": try gpt(values)
  case "mlp": try mlp(values)
  case "cnn": try cnn(values)
  case "tiny_mlp": try tinyPerceptron(values)
  default: nil
  }
}

private func precision(_ values: Case) throws -> Precision {
  switch try values.dtype() {
  case .float32: .full
  case let half: .mixed(half)
  }
}

private func gpt(_ values: Case) throws -> () throws -> Void {
  var configuration = GPT.Configuration(
    vocabulary: try values.int("vocab"), context: try values.int("t"),
    features: try values.int("d"), heads: try values.int("heads"),
    layers: try values.int("layers"))
  configuration.tiesEmbeddings = false
  let shape: Shape = [try values.int("batch"), try values.int("t")]
  let tokens = Tensor.randomIntegers(shape, in: 0..<configuration.vocabulary)
  let next = Tensor.randomIntegers(shape, in: 0..<configuration.vocabulary)
  var run = TrainingRun(
    model: GPT(configuration), optimizer: AdamW(weightDecay: 0.1), schedule: .constant(3e-4),
    precision: try precision(values), clipping: .globalNorm(1))
  if try values.int("checkpoint") == 1 { run.recomputation = .modules("blocks.*") }
  run.isCompiled = Worker.isCompiled
  return {
    try applied(
      run.step(on: [tokens, next]) { model, inputs in
        crossEntropy(model(inputs[0]).flattened(from: 0, through: 1), inputs[1].flattened())
      })
  }
}

private func perceptron(_ widths: [Int], _ outputs: Int) -> Sequential {
  Sequential {
    for (inputs, width) in zip(widths, widths.dropFirst()) {
      Linear(inputs, width)
      ReLU()
    }
    Linear(widths[widths.count - 1], outputs)
  }
}

private func mlp(_ values: Case) throws -> () throws -> Void {
  let batch = try values.int("batch")
  let model = perceptron([784, 1024, 1024], 10)
  let (x, y) = (Tensor.randomNormal([batch, 784]), Tensor.randomIntegers([batch], in: 0..<10))
  var run = TrainingRun(
    model: model, optimizer: Adam(), schedule: .constant(1e-3), precision: try precision(values),
    clipping: .globalNorm(1))
  run.isCompiled = Worker.isCompiled
  return { try applied(run.step(on: [x, y]) { crossEntropy($0($1[0]), $1[1]) }) }
}

private func tinyPerceptron(_ values: Case) throws -> () throws -> Void {
  let batch = try values.int("batch")
  let model = perceptron([8, 16], 1)
  let (x, y) = (Tensor.randomNormal([batch, 8]), Tensor.randomNormal([batch, 1]))
  var run = TrainingRun(model: model, optimizer: Adam(), schedule: .constant(1e-3))
  run.isCompiled = Worker.isCompiled
  return { try applied(run.step(on: [x, y]) { meanSquaredError($0($1[0]), $1[1]) }) }
}

private func cnn(_ values: Case) throws -> () throws -> Void {
  let batch = try values.int("batch")
  let (x, y) = (
    Tensor.randomNormal([batch, 3, 32, 32]), Tensor.randomIntegers([batch], in: 0..<10)
  )
  var run = TrainingRun(
    model: ResidualNetwork(), optimizer: SGD(momentum: 0.9), schedule: .constant(0.05),
    precision: try precision(values))
  run.isCompiled = Worker.isCompiled
  return { try applied(run.step(on: [x, y]) { crossEntropy($0($1[0]), $1[1]) }) }
}

private func applied(_ outcome: StepOutcome) throws {
  if !outcome.isApplied { throw Skip("expected an applied step, got \(outcome)") }
}

/// Two convolutions beside a way around them.
private final class ResidualBlock: Module {
  let first, second: Conv2d
  let firstNorm, secondNorm: BatchNorm
  let around: Conv2d?
  let aroundNorm: BatchNorm?

  init(_ inputs: Int, _ outputs: Int, stride: Int) {
    let step = Size2(stride, stride)
    first = Conv2d(inputs, outputs, kernelSize: 3, stride: step, padding: 1, bias: false)
    second = Conv2d(outputs, outputs, kernelSize: 3, padding: 1, bias: false)
    (firstNorm, secondNorm) = (BatchNorm(outputs), BatchNorm(outputs))
    around =
      stride > 1 ? Conv2d(inputs, outputs, kernelSize: 1, stride: step, bias: false) : nil
    aroundNorm = stride > 1 ? BatchNorm(outputs) : nil
  }

  func forward(_ x: Tensor) -> Tensor {
    let y = secondNorm(second(firstNorm(first(x)).relu()))
    guard let around, let aroundNorm else { return (y + x).relu() }
    return (y + aroundNorm(around(x))).relu()
  }
}

private final class ResidualNetwork: Module {
  let stem = Conv2d(3, 32, kernelSize: 3, padding: 1, bias: false)
  let norm = BatchNorm(32)
  let blocks = [
    ResidualBlock(32, 32, stride: 1), ResidualBlock(32, 64, stride: 2),
    ResidualBlock(64, 128, stride: 2),
  ]
  let head = Linear(128, 10)

  func forward(_ x: Tensor) -> Tensor {
    let features = blocks.reduce(norm(stem(x)).relu()) { $1($0) }
    return head(features.mean(axes: [2, 3]))
  }
}
