import Foundation
import TrainingDiagnostics
import TrainingKit

extension Fault {
  static var batches: [Fault] {
    [
      Fault(
        // What normalization keeps off the losses reaches its running statistics.
        name: "outlier_batch", symptoms: unstable.union([.modeMismatch]), causes: [.dataOutlier],
        levels: [10, 100, 1000, 1e5, 1e7], onset: middle, architectures: real,
        base: .sgd
      ) { recipe, factor in
        recipe.items = { items, _ in items[middle].x = items[middle].x * factor }
      },
      Fault(
        name: "infinite_input", symptoms: [.nonFiniteLoss, .nonFiniteGradient, .skippedSteps],
        causes: [.badInput], levels: [1, 5, 15, 40, 100], onset: middle,
        places: everywhere("0"),
        architectures: real
      ) { recipe, count in
        recipe.items = { items, _ in
          for step in middle..<(middle + Int(count)) {
            items[step].x = items[step].x + Double.infinity
          }
        }
      },
      Fault(
        name: "wrong_labels", symptoms: unstable.union([.levelRise]),
        causes: [.dataOutlier, .dataShift],
        levels: [10, 30, 50, 75, 100], onset: middle
      ) { recipe, count in
        recipe.items = { items, generator in
          for step in middle..<(middle + Int(count)) { items[step].mixLabels(1, generator) }
        }
      },
      Fault(
        name: "label_noise", symptoms: stuck.union([.oscillation, .noisyLabels]),
        causes: [.gradientNoise, .wrongLabels], levels: [0.3, 0.5, 0.7, 0.9, 1]
      ) { recipe, share in
        recipe.items = { items, generator in
          for step in items.indices { items[step].mixLabels(share, generator) }
        }
      },
      Fault(
        name: "input_scale", symptoms: inputs, causes: [.inputScale, .notNormalized],
        levels: [10, 100, 1000, 1e4, 1e5], architectures: real
      ) { recipe, factor in
        recipe.inputs = { $0 * factor }
      },
      Fault(
        name: "input_offset", symptoms: inputs, causes: [.inputScale, .notNormalized],
        levels: [3, 10, 30, 100, 1000], architectures: real
      ) { recipe, offset in
        recipe.inputs = { $0 + offset }
      },
      Fault(
        name: "repeated_batch", symptoms: [.repeatedLosses, .overfitting, .repeatedExamples],
        causes: [.repeatedData, .overfitting], levels: [16, 8, 4, 2, 1]
      ) { recipe, count in
        recipe.items = { items, _ in items = items.indices.map { items[$0 % Int(count)] } }
      },
      Fault(
        name: "sorted_labels", symptoms: unstable.union([.unusableLabels, .levelRise]),
        causes: [.dataOrder],
        levels: [1, 2, 5, 10, 30],
        architectures: real
      ) { recipe, block in recipe.items = { items, _ in items.sortLabels(block: Int(block)) } },
      Fault(
        name: "data_shift", symptoms: unstable.union([.inputShift, .levelRise]),
        causes: [.dataShift, .dataOutlier],
        levels: [0.3, 1, 3, 10, 100], onset: middle, architectures: real
      ) { recipe, offset in
        recipe.items = { items, generator in
          let shift = offset * generator.normal(Shape(Array(items[0].x.shape).dropFirst()))
          for step in middle..<items.count { items[step].x = items[step].x + shift }
        }
      },
    ]
  }

  private static func everywhere(_ place: String) -> [Architecture: String] {
    Dictionary(uniqueKeysWithValues: Architecture.allCases.map { ($0, place) })
  }

  private static var inputs: Set<Symptom> {
    unstable.union(stuck).union([.inputScale, .startLoss, .saturation, .deadUnits])
  }

  static var losses: [Fault] {
    [
      Fault(
        name: "softmax_twice", symptoms: stuck.union([.outputMismatch]), causes: [.softmaxTwice],
        levels: [3, 2, 1, 0.5, 0.1]
      ) { recipe, scale in
        recipe.layers = { $0.append(FunctionLayer { $0.softmax(axis: -1) * scale }) }
      },
      Fault(
        name: "sum_of_losses", symptoms: unstable, causes: [.lossReduction, .learningRateTooHigh],
        levels: [8, 32, 128, 512, 2048], base: .sgd
      ) { recipe, factor in
        recipe.loss = { Recipe.crossEntropyLoss($0, $1) * factor }
      },
      Fault(
        name: "logarithm_domain",
        symptoms: [.nonFiniteLoss, .nonFiniteGradient, .skippedSteps], causes: [.operationDomain],
        levels: [1e-5, 1e-4, 1e-3, 0.01, 0.1],
        places: everywhere("log")
      ) { recipe, shortfall in
        recipe.loss = { model, item in
          let scores = model(item.x).softmax(axis: -1)
          let chosen = scores.gather(item.y.reshaped([-1, 1]), axis: 1)
          return -(chosen - shortfall).log().mean()
        }
      },
      Fault(
        name: "memory_leak", symptoms: [.memoryGrowth],
        causes: [.keptGraph, .keptTensors], levels: [20, 10, 5, 2, 1],
        harmsMemory: true
      ) { $0.keptLosses = Int($1) },
    ]
  }

  static var precisions: [Fault] {
    [
      Fault(
        name: "scale_too_small",
        symptoms: stuck.union([.vanishingGradients, .frozenParameter, .roundingStagnation]),
        causes: [.rounding], levels: [-6, -9, -12, -16, -20]
      ) { recipe, power in recipe.useFloat16(fixedScale: power) },
      Fault(
        name: "scale_too_large", symptoms: [.lossScaleCollapse, .skippedSteps, .nonFiniteGradient],
        causes: [.overflow], levels: [17, 18, 20, 22, 24]
      ) { recipe, power in recipe.useFloat16(fixedScale: power) },
      Fault(
        name: "bfloat16_weights", symptoms: stuck.union([.frozenParameter, .roundingStagnation]),
        causes: [.rounding],
        levels: [1, 0.3, 0.1, 0.03, 0.01], architectures: [.mlp], base: .slow
      ) { recipe, factor in
        recipe.rate *= factor
        recipe.optimizer = AdamW().rounding(.nearest)
        recipe.layers = { layers in
          layers =
            [FunctionLayer { $0.cast(to: .bfloat16) }]
            + layers.map { ($0 as? Linear)?.inBFloat16 ?? $0 }
            + [FunctionLayer { $0.cast(to: .float32) }]
        }
      },
    ]
  }

  static var places: [Fault] {
    [
      Fault(
        name: "detached_layer", symptoms: stuck.union([.noGradient, .frozenParameter]),
        causes: [.detached], levels: [1, 2, 3, 4, 5], places: everywhere("0"), architectures: real
      ) { recipe, place in
        recipe.layers = { layers in
          let end = layers.count - 1
          layers.insert(FunctionLayer { $0.detached() }, at: min(Int(place), end))
        }
      },
      Fault(
        name: "frozen_parameter", symptoms: stuck.union([.frozenParameter]),
        causes: [.optimizer, .frozenWeights], levels: [1, 2, 3, 4, 5], places: everywhere("0")
      ) { recipe, count in
        // The parameters of so many layers, with their weights and biases, are never moved.
        let model = Sequential(recipe.architecture.layers())
        let paths = Set(model.parameters.map(\.path).prefix(2 * Int(count)))
        let frozen = ParameterFilter { path, _ in paths.contains(path) }
        recipe.optimizer = AdamW().varying(frozen, learningRateFactor: 0)
      },
    ]
  }
}

extension Recipe {
  fileprivate mutating func useFloat16(fixedScale power: Double) {
    precision = .mixed(.float16, scaler: .fixed(Foundation.exp2(power)))
  }
}

extension Linear {
  /// The layer with weights of 16 bits, which are all there is.
  fileprivate var inBFloat16: Linear {
    func narrow(_ parameter: Parameter) -> Parameter {
      Parameter(parameter.value.detached().cast(to: .bfloat16))
    }
    return Linear(weight: narrow(weight), bias: bias.map(narrow))
  }
}

extension Item {
  /// Gives a share of the examples any label.
  mutating func mixLabels(_ share: Double, _ generator: RandomGenerator) {
    let classes = x.dtype.isFloatingPoint ? Architecture.classes : 16
    let isMixed = generator.bernoulli(y.shape, probability: share).cast(to: .int64)
    y = y + isMixed * (generator.integers(y.shape, in: 0..<classes) - y)
  }
}

extension [Item] {
  /// Puts the examples of all batches in the order of their labels, over and over within as many batches as there are
  /// classes times a block.
  fileprivate mutating func sortLabels(block: Int) {
    let size = self[0].y.shape[0]
    let group = Architecture.classes * block
    for start in stride(from: 0, to: count, by: group) {
      let range = start..<Swift.min(start + group, count)
      let (x, y) = (concatenate(self[range].map(\.x)), concatenate(self[range].map(\.y)))
      let labels = y.elements(Int64.self)
      let order = labels.indices.sorted { (labels[$0], $0) < (labels[$1], $1) }
      for (place, step) in range.enumerated() {
        let chosen = Tensor(order[(place * size)..<((place + 1) * size)].map(Int64.init))
        (self[step].x, self[step].y) = (x.taking(chosen), y.taking(chosen))
      }
    }
  }
}
