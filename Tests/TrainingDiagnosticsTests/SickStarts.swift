import TrainingDiagnostics
import TrainingKit

/// A run with one mistake, and what has to be said of it.
struct SickStart {
  let check: String
  let symptom: Symptom
  let cause: Cause
  var severity = Severity.warning
  /// A part of the place.
  var place: String?
  let start: PreflightCase
}

enum SickStarts {
  static func all(seed: UInt64) -> [SickStart] {
    values(seed) + labels(seed) + outputs(seed) + scales(seed) + ways(seed) + inputs(seed)
      + optimizers(seed)
  }

  private static func optimizers(_ seed: UInt64) -> [SickStart] {
    let sick: [(String, String, Severity, any Optimizer)] = [
      ("an epsilon of 10", "epsilon", .note, AdamW(epsilon: 10)),
      ("a momentum of 0.999", "momentum", .note, SGD(momentum: 0.999)),
      ("a momentum of 1", "momentum", .warning, SGD(momentum: 1)),
      ("a beta2 of 0.85", "beta2", .note, Adam(beta2: 0.85)),
      ("a beta2 below the square of beta1", "beta2", .warning, Adam(beta2: 0.5).varying(.all)),
      ("a beta2 of 0.5 beside a beta1 of 0", "beta2", .note, Adam(beta1: 0, beta2: 0.5)),
    ]
    return sick.map { name, place, severity, optimizer in
      SickStart(
        check: "optimizer", symptom: .unusualSetting, cause: .optimizer, severity: severity,
        place: place,
        start: PreflightCase(
          name, seed: seed, optimizer: optimizer,
          { (PreflightNetwork.perceptron(), { PreflightData.classes([32, 16], 10) }) },
          loss: { crossEntropy($0($1.x), $1.y) }))
    }
  }

  private static func sick(
    _ check: String, _ symptom: Symptom, _ cause: Cause, _ name: String, _ seed: UInt64,
    place: String? = nil, model: @escaping () -> Sequential = { PreflightNetwork.perceptron() },
    batches: Int = 1, data: @escaping () -> Batch = { PreflightData.classes([32, 16], 10) },
    loss: @escaping (Sequential, Batch) -> Tensor = { crossEntropy($0($1.x), $1.y) }
  ) -> SickStart {
    SickStart(
      check: check, symptom: symptom, cause: cause, place: place,
      start: PreflightCase(name, seed: seed, batches: batches, { (model(), data) }, loss: loss))
  }

  /// A step in float16 whose loss is multiplied.
  private static func half(
    _ name: String, _ cause: Cause, _ seed: UInt64, factor: Double
  ) -> SickStart {
    SickStart(
      check: "gradients", symptom: .noGradient, cause: cause,
      start: PreflightCase(
        name, seed: seed, precision: .mixed(.float16, scaler: .fixed(1)),
        { (PreflightNetwork.perceptron(), { PreflightData.classes([32, 16], 10) }) },
        loss: { crossEntropy($0($1.x) * factor, $1.y) }))
  }

  private static func classes(
    _ change: @escaping (inout Batch) -> Void, count: Int = 32
  ) -> () -> Batch {
    {
      var batch = PreflightData.classes([count, 16], 10)
      change(&batch)
      return batch
    }
  }

  private static func values(_ seed: UInt64) -> [SickStart] {
    let check = "finite-values"
    func gap(_ batch: inout Batch) {
      batch.x = which(Tensor.randomUniform(batch.x.shape) .< 0.01, Tensor(Double.nan), batch.x)
    }
    func behind(_ function: @escaping (Tensor) -> Tensor) -> () -> Sequential {
      {
        Sequential {
          Linear(16, 32)
          FunctionLayer(function)
          Linear(32, 10)
        }
      }
    }
    return [
      sick(
        check, .nonFiniteLoss, .badInput, "gaps in the data", seed, place: "inputs",
        data: classes(gap)),
      sick(
        check, .nonFiniteLoss, .operationDomain, "log of negatives", seed, place: "1: log",
        model: behind { $0.log() }),
      sick(
        check, .nonFiniteLoss, .operationDomain, "root of negatives", seed, place: "1: sqrt",
        model: behind { $0.sqrt() }),
      sick(
        check, .nonFiniteLoss, .operationDomain, "log of large negatives", seed, place: "1: log",
        model: behind { ($0 * 1e8).log() }),
      sick(
        check, .nonFiniteLoss, .operationDomain, "division by zero", seed, place: "1: ",
        model: behind { $0 / ($0 * 0) }),
      SickStart(
        check: check, symptom: .nonFiniteLoss, cause: .overflow, place: "2",
        start: PreflightCase(
          "beyond float16", seed: seed, precision: .mixed(.float16),
          {
            (
              PreflightNetwork.perceptron(.normal(0, 300)),
              { PreflightData.classes([32, 16], 10) }
            )
          }, loss: { crossEntropy($0($1.x), $1.y) })),
      sick(
        check, .nonFiniteLoss, .badWeights, "a weight is NaN", seed, place: "2.weight",
        model: {
          let model = PreflightNetwork.perceptron()
          let weight = model.parameters[2].parameter
          weight.value = weight.value.detached() * Double.nan
          return model
        }),
      sick(
        check, .nonFiniteLoss, .initialization, "weights of 1e25", seed, place: "2",
        model: { PreflightNetwork.perceptron(.normal(0, 1e25)) }),
      sick(
        check, .nonFiniteGradient, .operationDomain, "norm at zero", seed, place: "sqrt",
        model: behind { $0 + ($0 * 0).square().sum(axis: 1, keepDims: true).sqrt() }),
      sick(
        check, .notComputable, .wrongShape, "wrong width", seed,
        model: { PreflightNetwork.perceptron(inputs: 17) }),
    ]
  }

  private static func labels(_ seed: UInt64) -> [SickStart] {
    let check = "labels"
    func of(
      _ cause: Cause, _ name: String, count: Int = 32, _ change: @escaping (inout Batch) -> Void
    ) -> SickStart {
      sick(
        check, .unusableLabels, cause, name, seed, place: "labels",
        data: classes(change, count: count))
    }
    return [
      of(.shiftedLabels, "labels from 1", count: 200) { $0.y = $0.y + 1 },
      of(.shiftedLabels, "labels from -1", count: 200) { $0.y = $0.y - 1 },
      of(.labelsOutOfRange, "labels of 30 classes") { $0.y = $0.y * 3 },
      sick(
        check, .unusableLabels, .emptyBatches, "all are what is ignored", seed, place: "labels",
        data: classes { $0.y = $0.y * 0 + 7 },
        loss: { crossEntropy($0($1.x), $1.y, ignoreIndex: 7) }),
      of(.emptyBatches, "all ignored") { $0.y = $0.y * 0 - 100 },
      of(.constantLabels, "one class") { $0.y = $0.y * 0 + 3 },
      sick(
        check, .unusableLabels, .dataOrder, "batches of one class each", seed, place: "labels",
        batches: 4, data: classes { $0.y = $0.y * 0 + Tensor.randomIntegers([], in: 0..<10) }),
      of(.classImbalance, "99 % one class", count: 400) {
        $0.y = (Tensor.range(0, 400) .< 4).cast(to: .int64)
      },
    ]
  }

  private static func outputs(_ seed: UInt64) -> [SickStart] {
    func ending(
      _ layer: @autoclosure @escaping () -> any Module<Tensor, Tensor>, _ classes: Int = 10
    )
      -> () -> Sequential
    {
      { Sequential(PreflightNetwork.perceptron(classes: classes).modules + [layer()]) }
    }
    func targets(_ scale: Double) -> () -> Batch {
      {
        let x = Tensor.randomNormal([32, 16])
        return PreflightData.batch(x, x.mean(axis: 1, keepDims: true) * scale)
      }
    }
    let check = "output-and-loss"
    return [
      sick(
        check, .outputMismatch, .softmaxTwice, "softmax twice", seed, place: "softmax",
        model: ending(FunctionLayer { $0.softmax() })),
      sick(
        check, .outputMismatch, .missingLogSoftmax, "likelihood of logits", seed,
        loss: { negativeLogLikelihood($0($1.x), $1.y) }),
      sick(
        check, .outputMismatch, .missingLogSoftmax, "likelihood of probabilities", seed,
        model: ending(FunctionLayer { $0.softmax() }),
        loss: { negativeLogLikelihood($0($1.x), $1.y) }),
      sick(
        check, .outputMismatch, .sigmoidTwice, "sigmoid twice", seed, place: "sigmoid",
        model: ending(Sigmoid(), 1),
        data: classes { $0.y = ($0.y .> 4).cast(to: .float32).expandedDimensions(axis: 1) },
        loss: { binaryCrossEntropyWithLogits($0($1.x), $1.y) }),
      sick(
        check, .outputMismatch, .targetRange, "targets below a rectifier", seed, place: "relu",
        model: ending(ReLU(), 1), data: targets(4), loss: { meanSquaredError($0($1.x), $1.y) }),
      sick(
        check, .outputMismatch, .targetRange, "targets beyond tanh", seed, place: "tanh",
        model: ending(Tanh(), 1),
        data: targets(40), loss: { meanSquaredError($0($1.x), $1.y) }),
    ]
  }

  private static func scales(_ seed: UInt64) -> [SickStart] {
    func last(_ factor: Double) -> () -> Sequential {
      {
        let model = PreflightNetwork.perceptron()
        let weight = model.parameters[4].parameter
        weight.value = weight.value.detached() * factor
        return model
      }
    }
    func deep(_ scale: Double, _ depth: Int) -> () -> Sequential {
      { PreflightNetwork.perceptron(.normal(0, scale), depth: depth) }
    }
    let sums: (Sequential, Batch) -> Tensor = { crossEntropy($0($1.x), $1.y, reduction: .sum) }
    func saturated(_ scale: Double) -> () -> Sequential {
      {
        Sequential {
          Linear(16, 32, initializer: .normal(0, scale))
          Tanh()
          Linear(32, 10)
        }
      }
    }
    let dead: () -> Sequential = {
      let model = PreflightNetwork.perceptron()
      model.parameters[1].parameter.value = Tensor(repeating: -3, shape: [32])
      return model
    }
    let faint: () -> Sequential = {
      let model = PreflightNetwork.perceptron()
      for named in model.parameters where named.parameter.value.rank == 2 {
        named.parameter.value = named.parameter.value.detached() * 0.03
      }
      return model
    }
    return [
      sick(
        "start-scale", .badInitialization, .initialization, "weights at a thirtieth", seed,
        place: "0.weight", model: faint),
      sick("start-loss", .startLoss, .lossReduction, "a sum for a mean", seed, loss: sums),
      sick("start-loss", .startLoss, .initialization, "last layer 20 times", seed, model: last(20)),
      sick(
        "start-loss", .startLoss, .initialization, "last layer 100 times", seed, model: last(100)),
      sick(
        "depth", .badInitialization, .initialization, "weights of 3", seed, place: "0",
        model: deep(3, 3)),
      sick(
        "depth", .badInitialization, .initialization, "weights of 30", seed, place: "0",
        model: deep(30, 2)),
      sick(
        "depth", .vanishingGradients, .initialization, "12 layers of 0.05", seed,
        model: deep(0.05, 12)),
      sick(
        "depth", .vanishingGradients, .initialization, "6 layers of 0.01", seed,
        model: deep(0.01, 6)),
      sick("depth", .explosion, .initialization, "12 layers of 0.7", seed, model: deep(0.7, 12)),
      sick("depth", .badInitialization, .symmetry, "equal weights", seed, place: "0") {
        PreflightNetwork.perceptron(.constant(0.1))
      },
      sick(
        "units", .deadUnits, .initialization, "biases of -3", seed, place: "1: relu", model: dead),
      sick(
        "units", .saturation, .initialization, "tanh at its ends", seed, place: "1: tanh",
        model: saturated(2)),
      sick(
        "units", .saturation, .initialization, "tanh far beyond", seed, place: "1: tanh",
        model: saturated(20)),
    ]
  }

  private static func ways(_ seed: UInt64) -> [SickStart] {
    func with(_ layer: @escaping () -> any Module<Tensor, Tensor>) -> () -> Sequential {
      {
        Sequential {
          Linear(16, 32)
          layer()
          Linear(32, 10)
        }
      }
    }
    return [
      sick(
        "gradients", .noGradient, .detached, "detached", seed, place: "0.weight",
        model: with { FunctionLayer { $0.detached() } }),
      sick(
        "gradients", .noGradient, .frozenWeights, "all frozen", seed,
        model: {
          let model = PreflightNetwork.perceptron()
          for named in model.parameters { named.parameter.isTrainable = false }
          return model
        }),
      sick(
        "gradients", .noGradient, .unused, "a layer that is not used", seed, place: "1",
        model: with { Unused() }),
      SickStart(
        check: "gradients", symptom: .frozenParameter, cause: .optimizer,
        start: PreflightCase(
          "a rate of nearly zero", seed: seed, optimizer: SGD(),
          { (PreflightNetwork.perceptron(), { PreflightData.classes([32, 16], 10) }) },
          loss: { crossEntropy($0($1.x), $1.y) * 1e-12 })),
      sick(
        "gradients", .frozenParameter, .rounding, "norms in bfloat16", seed, place: "1.weight",
        model: {
          let model = with { LayerNorm(32) }()
          model.convert(to: .bfloat16)
          return model
        },
        data: classes { $0.x = $0.x.cast(to: .bfloat16) }),
      half("gradients that float16 rounds away", .rounding, seed, factor: 0x1p-40),
      half("float16, and no gradient anyway", .deadNetwork, seed, factor: 0),
      sick(
        "dependence", .constantOutput, .deadNetwork, "inputs times zero", seed,
        model: with { FunctionLayer { $0 * 0 } }),
      sick(
        "dependence", .mixedExamples, .wrongAxis, "softmax over the batch", seed,
        model: with { FunctionLayer { $0.softmax(axis: 0) } }),
      sick(
        "dependence", .mixedExamples, .wrongAxis, "mean over the batch", seed,
        model: with { FunctionLayer { $0 - $0.mean(axis: 0, keepDims: true) } }),
      sick(
        "modes", .modeMismatch, .evaluationMismatch, "scaled in training only", seed,
        model: with { Loud() }),
    ]
  }

  private static func inputs(_ seed: UInt64) -> [SickStart] {
    [
      sick(
        "inputs", .inputScale, .notNormalized, "bytes", seed, place: "inputs",
        data: classes { $0.x = $0.x * 60 + 128 }),
      sick(
        "inputs", .inputScale, .notNormalized, "far from zero", seed,
        data: classes { $0.x = $0.x * 0.01 + 3 }),
      sick(
        "inputs", .inputScale, .mixedUnits, "mixed units", seed, place: "feature 3",
        data: classes {
          let column = Tensor.range(0, 16)
          $0.x = $0.x * which(column .== 3, Tensor(20.0), Tensor(0.01))
        }),
      sick(
        "inputs", .repeatedExamples, .repeatedData, "copies", seed, place: "inputs",
        data: classes {
          $0.x = $0.x.taking(Tensor((0..<32).map { $0 / 2 }))
        }),
      sick(
        "dependence", .badInitialization, .initialization, "weights that pass nothing on", seed,
        place: "0.weight",
        model: {
          let model = PreflightNetwork.perceptron(depth: 4)
          for named in model.parameters where named.parameter.value.rank == 2 {
            named.parameter.value = named.parameter.value.detached() * 1e-3
          }
          return model
        }),
      SickStart(
        check: "inputs", symptom: .repeatedExamples, cause: .repeatedData, place: "inputs",
        start: PreflightCase(
          "the same two batches of short texts in turn", seed: seed, batches: 4,
          {
            let batches = (0..<2).map { _ in PreflightData.tokens([8, 8], 16) }
            var place = 0
            return (
              Embedding(16, 16),
              {
                place += 1
                return batches[place % 2]
              }
            )
          }, loss: { crossEntropy($0($1.x).reshaped([-1, 16]), $1.y.flattened()) })),
    ]
  }
}

/// Has a weight that it does not use.
private final class Unused: Module {
  let weight = Parameter(.ones([4, 4]))
  func forward(_ x: Tensor) -> Tensor { x }
}

/// Makes training louder than evaluation.
private final class Loud: Module {
  private let mode = Mode()
  func forward(_ x: Tensor) -> Tensor { mode.isTraining ? x * 40 : x }
}

/// Mistakes that grow.
enum GrowingStarts {
  /// By name, the symptom and the levels, the mildest first; each makes a case.
  static var all:
    [(name: String, symptom: Symptom, levels: [Double], make: (Double, UInt64) -> PreflightCase)]
  {
    [
      ("weights of the first layer", .badInitialization, [2.5, 5, 20, 100, 1_000], weights),
      ("last layer", .startLoss, [20, 40, 100], last),
      ("inputs", .inputScale, [12, 50, 255, 1e4], inputs),
      ("offset", .inputScale, [30, 100, 1_000], offset),
      ("dead units", .deadUnits, [2, 3, 5, 20], biases),
      ("copies", .repeatedExamples, [2, 4, 32], copies), ("sums", .startLoss, [8, 32, 128], sums),
      ("shrinking layers", .vanishingGradients, [6, 10, 20], shrinking),
      ("targets", .outputMismatch, [200, 1e4, 1e6], targets),
    ]
  }

  private static func classifier(
    _ seed: UInt64, _ model: @escaping () -> Sequential = { PreflightNetwork.perceptron() },
    count: Int = 32, data: @escaping (Batch) -> Tensor = { $0.x },
    reduction: Reduction<Tensor> = .mean
  ) -> PreflightCase {
    PreflightCase(
      "growing", seed: seed,
      {
        (
          model(),
          {
            var batch = PreflightData.classes([count, 16], 10)
            batch.x = data(batch)
            return batch
          }
        )
      }, loss: { crossEntropy($0($1.x), $1.y, reduction: reduction) })
  }

  private static func changed(_ place: Int, _ change: @escaping (Tensor) -> Tensor) -> () ->
    Sequential
  {
    {
      let model = PreflightNetwork.perceptron()
      let parameter = model.parameters[place].parameter
      parameter.value = change(parameter.value.detached())
      return model
    }
  }

  private static func weights(_ level: Double, _ seed: UInt64) -> PreflightCase {
    classifier(seed) { PreflightNetwork.perceptron(.normal(0, level)) }
  }
  private static func last(_ level: Double, _ seed: UInt64) -> PreflightCase {
    classifier(seed, changed(4) { $0 * level })
  }
  private static func biases(_ level: Double, _ seed: UInt64) -> PreflightCase {
    classifier(seed, changed(1) { $0 - level })
  }
  private static func inputs(_ level: Double, _ seed: UInt64) -> PreflightCase {
    classifier(seed, data: { $0.x * level })
  }
  private static func offset(_ level: Double, _ seed: UInt64) -> PreflightCase {
    classifier(seed, data: { $0.x + level })
  }
  private static func copies(_ level: Double, _ seed: UInt64) -> PreflightCase {
    classifier(seed, data: { $0.x.taking(Tensor((0..<32).map { $0 / Int(level) })) })
  }
  private static func sums(_ level: Double, _ seed: UInt64) -> PreflightCase {
    classifier(seed, count: Int(level), reduction: .sum)
  }
  private static func shrinking(_ level: Double, _ seed: UInt64) -> PreflightCase {
    classifier(seed) { PreflightNetwork.perceptron(.normal(0, 0.02), depth: Int(level)) }
  }
  private static func targets(_ level: Double, _ seed: UInt64) -> PreflightCase {
    PreflightCase(
      "growing", seed: seed,
      {
        (
          PreflightNetwork.perceptron(classes: 1),
          {
            let x = Tensor.randomNormal([32, 16])
            return PreflightData.batch(x, x[.all, 0..<1] * level)
          }
        )
      }, loss: { meanSquaredError($0($1.x), $1.y) })
  }
}
