import TrainingKit

/// One iteration of a case.
func cases(_ values: Case) throws -> () throws -> Void {
  switch try values.text("op") {
  case "gpt": try gpt(values)
  case "mlp": try mlp(values)
  case let other: throw Skip("not supported: \(other)")
  }
}

private func precision(_ values: Case) throws -> Precision {
  switch try values.text("dtype") {
  case "f32": .full
  case "bf16": .mixed(.bfloat16)
  case let other: throw Skip("not supported: \(other)")
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
  return {
    try applied(
      run.step { model in
        crossEntropy(model(tokens).flattened(from: 0, through: 1), next.flattened())
      })
  }
}

private func mlp(_ values: Case) throws -> () throws -> Void {
  let batch = try values.int("batch")
  let model = Sequential {
    Linear(784, 1024)
    ReLU()
    Linear(1024, 1024)
    ReLU()
    Linear(1024, 10)
  }
  let (x, y) = (Tensor.randomNormal([batch, 784]), Tensor.randomIntegers([batch], in: 0..<10))
  var run = TrainingRun(
    model: model, optimizer: Adam(), schedule: .constant(1e-3), precision: try precision(values),
    clipping: .globalNorm(1))
  return { try applied(run.step { crossEntropy($0(x), y) }) }
}

private func applied(_ outcome: StepOutcome) throws {
  if !outcome.isApplied { throw Skip("expected an applied step, got \(outcome)") }
}
