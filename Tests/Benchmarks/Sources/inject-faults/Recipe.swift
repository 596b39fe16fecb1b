import TrainingDiagnostics
import TrainingKit

/// A healthy job that faults are injected into.
enum Base: Hashable {
  case plain, sgd, tanh, slow

  func recipe(_ architecture: Architecture) -> Recipe {
    var recipe = Recipe(architecture)
    switch self {
    case .plain: break
    case .sgd: recipe.useSGD()
    case .tanh: recipe.activation = .tanh
    case .slow: recipe.rate *= 0.3
    }
    return recipe
  }
}

/// All that a job is trained by. Faults and look-alikes change it.
struct Recipe {
  let architecture: Architecture
  var steps = 300
  var optimizer: any Optimizer = AdamW()
  var rate: Double
  /// The schedule for a rate.
  var schedule: (Double) -> Schedule = { .constant($0) }
  var precision = Precision.full
  var clipping = Clipping.none
  /// How noisy the teacher is.
  var noise = 1.0
  var activation = Activation.relu
  /// Changes the layers before they become a network.
  var layers: (inout [any Module<Tensor, Tensor>]) -> Void = { _ in }
  /// Changes the weights at the start.
  var weights: (Sequential) -> Void = { _ in }
  /// Changes all inputs, as a pipeline of data does that forgets to normalise them.
  var inputs: (Tensor) -> Tensor = { $0 }
  /// Changes the batches that the run is trained on.
  var items: (inout [Item], RandomGenerator) -> Void = { _, _ in }
  /// The loss that is trained on; nil for the cross-entropy.
  var loss: ((Sequential, Item) -> Tensor)?
  /// Where a run is interrupted, and how it comes back.
  var interruption: (step: Int, change: (inout TrainingRun<Sequential>) -> Void)?
  /// Every how many steps a loss is kept with all that it was computed from; 0 for never.
  var keptLosses = 0

  init(_ architecture: Architecture) {
    (self.architecture, rate) = (architecture, architecture.rate)
  }

  mutating func useSGD(momentum: Double = 0.9) {
    (optimizer, rate) = (SGD(momentum: momentum), architecture.rateOfSGD)
  }

  /// The run before its first step.
  func run(seed: UInt64) -> TrainingRun<Sequential> {
    let generator = RandomGenerator(seed: seed)
    return withRandomGenerator(generator) {
      var layers = architecture.layers(activation)
      self.layers(&layers)
      let model = Sequential(layers)
      weights(model)
      return TrainingRun(
        model: model, optimizer: optimizer, schedule: schedule(rate), precision: precision,
        clipping: clipping, generator: generator)
    }
  }

  /// What it is trained on, and clean batches that it is judged by.
  ///
  /// - Parameter more: how many items beyond those of its steps.
  func data(seed: UInt64, more: Int = 0) -> (training: [Item], held: [Item]) {
    let teacher = Teacher(architecture, seed: seed, noise: noise)
    var held = teacher.items(8)
    var training = teacher.items(steps)
    for place in held.indices { held[place].x = inputs(held[place].x) }
    training += teacher.items(more)
    for place in training.indices { training[place].x = inputs(training[place].x) }
    items(&training, RandomGenerator(seed: seed + 99))
    return (training, held)
  }

  static func crossEntropyLoss(_ model: Sequential, _ item: Item) -> Tensor {
    crossEntropy(model(item.x), item.y)
  }
}

extension Sequential {
  /// Multiplies the weights of rank 2 or more.
  func scaleWeights(by factor: Double) {
    for named in parameters where named.parameter.value.rank >= 2 {
      named.parameter.value = named.parameter.value.detached() * factor
    }
  }
}
