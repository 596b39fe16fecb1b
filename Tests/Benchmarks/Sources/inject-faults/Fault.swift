import TrainingDiagnostics
import TrainingKit

/// An injected fault, and what a good doctor says about it.
struct Fault {
  let name: String
  let symptoms: Set<Symptom>
  /// The causes that are right; none where the library has no word for it, which counts as missed.
  let causes: Set<Cause>
  /// From mild to severe.
  let levels: [Double]
  /// The step from which it acts.
  var onset = 0
  /// What the first bad place begins with, or names; none where it has none.
  var places: [Architecture: String] = [:]
  var architectures = Architecture.allCases
  /// The healthy twin.
  var base = Base.plain
  /// Whether it harms by what it holds, and not by its loss.
  var harmsMemory = false
  /// Whether it lies in the run, whom a doctor can treat, and not in data, code or lost files, which people mend.
  var isInRun: Bool { !Self.ofDataOrCode.contains(name) }
  let inject: (inout Recipe, Double) -> Void

  static var all: [Fault] {
    rates + starts + batches + losses + optimizers + precisions + places
  }

  private static let ofDataOrCode: Set = [
    "wrong_labels", "label_noise", "input_scale", "input_offset", "repeated_batch",
    "sorted_labels", "data_shift", "softmax_twice", "logarithm_domain", "memory_leak",
    "detached_layer", "frozen_parameter", "lost_weights",
  ]

  static let real: [Architecture] = [.mlp, .cnn, .lstm]
  static let middle = 100

  /// What large steps may look like; rectifiers that they kill among it (Lu et al. 2019, arXiv:1903.06733).
  static let unstable: Set<Symptom> = [
    .explosion, .divergence, .plateau, .oscillation, .lossSpike, .nonFiniteLoss,
    .nonFiniteGradient, .gradientGrowth, .explodingGradients, .updateRatio, .activationGrowth,
    .attentionScores, .deadUnits,
  ]
  static let stuck: Set<Symptom> = [.plateau, .slowConvergence, .updateRatio]
}

extension Fault {
  fileprivate static var rates: [Fault] {
    [
      Fault(
        name: "rate_too_high", symptoms: unstable, causes: [.learningRateTooHigh],
        levels: [3, 10, 30, 100, 1000]
      ) { $0.rate *= $1 },
      Fault(
        name: "rate_too_high_sgd", symptoms: unstable, causes: [.learningRateTooHigh],
        levels: [3, 10, 30, 100, 1000], base: .sgd
      ) { $0.rate *= $1 },
      Fault(
        name: "rate_too_low", symptoms: stuck, causes: [.learningRateTooLow],
        levels: [10, 30, 100, 1000, 10000]
      ) { $0.rate /= $1 },
      Fault(
        name: "no_warm_up", symptoms: unstable, causes: [.learningRateTooHigh, .schedule],
        levels: [3, 10, 30, 100, 300]
      ) { recipe, factor in
        recipe.schedule = { rate in .table(steps: 21) { $0 < 20 ? rate * factor : rate } }
      },
      Fault(
        name: "rate_jump", symptoms: unstable.union([.learningRateJump]),
        causes: [.schedule, .learningRateTooHigh], levels: [10, 30, 100, 300, 1000], onset: middle
      ) { recipe, factor in
        recipe.schedule = { rate in
          .table(steps: middle + 1) { $0 < middle ? rate : rate * factor }
        }
      },
      Fault(
        name: "zero_rate", symptoms: [.zeroLearningRate], causes: [.schedule],
        levels: [90, 60, 30, 10, 0]
      ) { recipe, start in
        recipe.schedule = { rate in
          .table(steps: Int(start) + 1) { $0 < Int(start) ? rate : 0 }
        }
      },
    ]
  }

  fileprivate static var starts: [Fault] {
    let start: Set<Symptom> = [.badInitialization, .startLoss, .saturation, .deadUnits]
    return [
      Fault(
        name: "start_too_large", symptoms: unstable.union(start), causes: [.initialization],
        levels: [3, 10, 30, 100, 1000]
      ) { recipe, factor in recipe.weights = { $0.scaleWeights(by: factor) } },
      Fault(
        name: "start_too_small",
        symptoms: stuck.union([.badInitialization, .vanishingGradients]), causes: [.initialization],
        levels: [0.3, 0.1, 0.03, 0.01, 0.001], base: .sgd
      ) { recipe, factor in recipe.weights = { $0.scaleWeights(by: factor) } },
      Fault(
        name: "start_constant",
        symptoms: stuck.union([
          .badInitialization, .vanishingGradients, .noGradient, .frozenParameter, .deadUnits,
          .constantOutput,
        ]),
        causes: [.symmetry, .initialization, .zeroStart], levels: [0.3, 0.1, 0.03, 0.01, 0]
      ) { recipe, value in
        recipe.weights = { model in
          for named in model.parameters where named.parameter.value.rank >= 2 {
            let shape = named.parameter.value.shape
            named.parameter.value = Tensor(repeating: value, shape: shape)
          }
        }
      },
      Fault(
        name: "dead_relu",
        symptoms: stuck.union([
          .deadUnits, .noGradient, .vanishingGradients, .badInitialization, .constantOutput,
        ]),
        causes: [.deadNetwork, .initialization], levels: [0.5, 1, 3, 10, 100],
        places: [.mlp: "1", .cnn: "2"],
        architectures: [.mlp, .cnn]
      ) { recipe, shift in
        recipe.weights = { model in
          for named in model.parameters.dropLast(2) where named.path.hasSuffix("bias") {
            named.parameter.value = named.parameter.value.detached() - shift
          }
        }
      },
      Fault(
        name: "saturated_tanh", symptoms: unstable.union(start).union(stuck),
        causes: [.initialization], levels: [3, 10, 30, 100, 300], architectures: [.mlp],
        base: .tanh
      ) { recipe, factor in recipe.weights = { $0.scaleWeights(by: factor) } },
    ]
  }

  fileprivate static var optimizers: [Fault] {
    [
      Fault(
        name: "momentum_too_high", symptoms: unstable.union(stuck),
        causes: [.learningRateTooHigh, .optimizer], levels: [0.97, 0.99, 0.995, 0.998, 0.999],
        base: .sgd
      ) { $0.optimizer = SGD(momentum: $1) },
      Fault(
        name: "gradients_accumulate", symptoms: unstable.union(stuck),
        causes: [.learningRateTooHigh, .optimizer], levels: [0.03, 0.1, 0.3, 1, 3],
        base: .sgd
      ) { recipe, factor in
        // What a missing reset does: each step adds its gradient to all before it.
        (recipe.optimizer, recipe.rate) = (SGD(momentum: 1), recipe.rate * factor)
      },
      Fault(
        name: "epsilon_too_large", symptoms: stuck, causes: [.learningRateTooLow, .optimizer],
        levels: [0.1, 1, 10, 100, 1000]
      ) { $0.optimizer = AdamW(epsilon: $1) },
      Fault(
        name: "second_moment_short", symptoms: unstable,
        causes: [.learningRateTooHigh, .optimizer],
        levels: [0.8, 0.5, 0.2, 0.05, 0]
      ) { $0.optimizer = AdamW(beta2: $1) },
      Fault(
        name: "weight_decay", symptoms: stuck.union([.weightCollapse]), causes: [.weightDecay],
        levels: [3, 10, 30, 100, 200]
      ) { $0.optimizer = AdamW(weightDecay: $1) },
      Fault(
        name: "clipping_too_tight", symptoms: stuck.union([.clippingDominates]),
        causes: [.clippingLimit], levels: [0.1, 0.03, 0.01, 0.001, 0.0001],
        base: .sgd
      ) { $0.clipping = .globalNorm($1) },
      Fault(
        name: "lost_state", symptoms: unstable.union([.resumeJump, .learningRateJump]),
        causes: [.lostState, .schedule], levels: [1, 3, 10, 30, 100], onset: middle
      ) { recipe, factor in
        recipe.interruption = (
          middle,
          { run in
            run.optimizer.states = [:]
            run.schedule = run.schedule.scaled(by: factor)
          }
        )
      },
      Fault(
        name: "lost_weights", symptoms: unstable.union([.resumeJump]), causes: [.lostState],
        levels: [0.3, 0.5, 0.7, 0.9, 1], onset: middle
      ) { recipe, share in
        recipe.interruption = (
          middle,
          { run in
            for named in run.model.parameters where named.parameter.value.rank >= 2 {
              let weight = named.parameter.value.detached()
              let noise = Tensor.randomNormal(weight.shape) * 0.1
              named.parameter.value = weight * (1 - share) + noise * share
            }
          }
        )
      },
    ]
  }
}
