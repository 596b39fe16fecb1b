import TrainingDiagnostics
import TrainingKit

/// A run of the engine in the care of a doctor, from a seed to a diagnosis.
struct LayerCase {
  let name: String
  let diagnosis: (_ seed: UInt64) throws -> Diagnosis

  /// A case whose model and batches are made from the seed.
  init<Model: Module>(
    _ name: String, steps: Int = 130, optimizer: any Optimizer = AdamW(), rate: Double = 1e-3,
    precision: Precision = .full, care: Care = .standard,
    _ make: @escaping () -> (Model, () -> Batch),
    loss: @escaping (Model, Batch) -> Tensor = { crossEntropy(($0 as! Sequential)($1.x), $1.y) }
  ) {
    self.name = name
    diagnosis = { seed in
      try withRandomGenerator(RandomGenerator(seed: seed)) {
        let (model, data) = make()
        let run = TrainingRun(
          model: model, optimizer: optimizer, schedule: .constant(rate), precision: precision)
        var watched = WatchedRun(run, care: care, loss)
        for _ in 0..<steps {
          do { _ = try watched.step(data()) } catch is RunError { break }
        }
        var doctor = watched.doctor
        doctor.conclude()
        return doctor.diagnosis()
      }
    }
  }
}

/// Networks and data that cases are made of.
enum LayerWard {
  /// Rows with the answers of a linear teacher.
  static func classes(_ shape: Shape = [32, 8], classes: Int = 4, scale: Double = 1)
    -> () -> Batch
  {
    let features = shape.count / shape[0]
    let teacher = Tensor.randomNormal([features, classes])
    return {
      let x = Tensor.randomNormal(shape)
      let flat = x.reshaped([shape[0], features])
      let y = (flat.matmul(teacher) + 0.3 * Tensor.randomNormal([shape[0], classes]))
      return PreflightData.batch(x * scale, y.argmax(axis: 1))
    }
  }

  /// Sequences each token of which follows from the one before, but for some noise.
  static func tokens(_ shape: Shape = [8, 16], vocabulary: Int = 24) -> () -> Batch {
    {
      var columns = [Tensor.randomIntegers([shape[0], 1], in: 0..<vocabulary)]
      for _ in 1..<shape[1] {
        let noise = Tensor.randomIntegers([shape[0], 1], in: 0..<2)
        columns.append((columns.last! * 3 + 1 + noise).remainder(dividingBy: Tensor(vocabulary)))
      }
      let tokens = concatenate(columns, axis: 1)
      return PreflightData.batch(tokens, tokens)
    }
  }

  /// Linear layers of 32 with an activation between them.
  static func perceptron(
    depth: Int = 3, initializer: Initializer? = nil, _ activation: () -> any Module<Tensor, Tensor>
  ) -> Sequential {
    Sequential(
      (0..<depth).flatMap { place -> [any Module<Tensor, Tensor>] in
        let isLast = place == depth - 1
        let layer = Linear(place == 0 ? 8 : 32, isLast ? 4 : 32, initializer: initializer)
        return isLast ? [layer] : [layer, activation()]
      })
  }
}

extension Sequential {
  /// The model with a parameter changed.
  func changing(_ path: String, _ change: (Tensor) -> Tensor) -> Sequential {
    for named in parameters where named.path == path {
      named.parameter.value = change(named.parameter.value.detached())
    }
    return self
  }
}

extension LayerWard {
  /// A perceptron with weights in bfloat16.
  static func half() -> Sequential {
    let model = perceptron { ReLU() }
    model.convert(to: .bfloat16)
    return model
  }

  /// The loss of a model with weights in bfloat16.
  static func halfLoss(_ model: Sequential, _ batch: Batch) -> Tensor {
    crossEntropy(model(batch.x.cast(to: .bfloat16)).cast(to: .float32), batch.y)
  }

  /// A loop that keeps its losses.
  static func leak() -> LayerCase {
    final class Losses { var all: [Tensor] = [] }
    let losses = Losses()
    return LayerCase(
      "losses that are kept",
      {
        losses.all = []
        return (perceptron { ReLU() }, classes())
      },
      loss: { model, batch in
        let loss = crossEntropy(model(batch.x), batch.y)
        losses.all.append(loss)
        return loss
      })
  }
}

extension LayerWard {
  /// Scores in bfloat16 that a term pushes down together, which leaves the loss as it is but for roundings, and perhaps
  /// a z-loss that holds them.
  static func drifting(push: Double = 0.05, zLoss weight: Double = 0) -> LayerCase {
    LayerCase(
      "scores that are pushed down", steps: 250, optimizer: AdamW(weightDecay: 0), rate: 1e-2,
      precision: .mixed(.bfloat16), care: Care(examinationInterval: 10),
      { (perceptron { ReLU() }, classes()) },
      loss: { model, batch in
        let scores = model(batch.x)
        let push = scores.mean() * push
        return crossEntropy(scores, batch.y) + push - push.detached()
          + zLoss(scores, batch.y, weight: weight)
      })
  }

  /// A language model whose embeddings are pulled towards zero.
  static func embedding(decay: Double) -> LayerCase {
    LayerCase(
      "embeddings that are decayed by \(decay)", steps: 140,
      optimizer: AdamW().varying(.path("*Embedding.**")) { $0.weightDecay = decay }, rate: 1e-2,
      care: Care(examinationInterval: 20), { (gpt(), tokens()) },
      loss: { causalLanguageModelLoss($0($1.x), $1.y) })
  }

  static func gpt() -> GPT {
    GPT(vocabulary: 24, context: 16, features: 32, heads: 4, layers: 2)
  }

  /// What is said of the second moments of a run whose loss counts thirty times from some step on.
  static func findings(
    ofLossThatJumps optimizer: any Optimizer, _ seed: UInt64
  ) throws -> [Finding] {
    try withRandomGenerator(RandomGenerator(seed: seed)) {
      var step = 0
      let run = TrainingRun(
        model: perceptron { ReLU() }, optimizer: optimizer, schedule: .constant(3e-2))
      var watched = WatchedRun(
        run, doctor: Doctor([StaleMoments()]), care: Care(examinationInterval: 4)
      ) { (model: Sequential, batch: Batch) in
        crossEntropy(model(batch.x), batch.y) * (step < 144 ? 1 : 30)
      }
      let data = classes()
      for place in 0..<160 {
        step = place
        do { _ = try watched.step(data()) } catch is RunError { break }
      }
      return watched.diagnosis().findings
    }
  }
}
