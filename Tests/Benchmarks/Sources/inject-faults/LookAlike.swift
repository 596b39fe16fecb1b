import Foundation
import TrainingDiagnostics
import TrainingKit

/// A healthy job, most of which look ill to one rule or another.
struct LookAlike {
  let name: String
  let levels: [Double]
  var architectures = Architecture.allCases
  let change: (inout Recipe, Double) -> Void

  static var all: [LookAlike] {
    [
      LookAlike(name: "plain", levels: [0.5, 0.7, 1, 1.4, 2]) { $0.rate *= $1 },
      LookAlike(name: "converging", levels: [0.05, 0.1, 0.2, 0.3, 0.5]) { $0.noise = $1 },
      LookAlike(name: "sgd", levels: [0.5, 0.7, 1, 1.4, 2]) { recipe, factor in
        recipe.useSGD()
        recipe.rate *= factor
      },
      LookAlike(name: "scale_calibration", levels: [25, 50, 100, 200, 1000]) { recipe, interval in
        let scaler = GradScaler(initialScale: 0x1p24, growthInterval: Int(interval))
        recipe.precision = .mixed(.float16, scaler: scaler)
      },
      LookAlike(name: "bfloat16", levels: [0.5, 0.7, 1, 1.4, 2]) { recipe, factor in
        recipe.precision = .mixed(.bfloat16)
        recipe.rate *= factor
      },
      LookAlike(name: "mild_outlier", levels: [1.5, 2, 2.5, 3, 4], architectures: Fault.real) {
        recipe, factor in
        recipe.items = { items, _ in
          items[Fault.middle].x = items[Fault.middle].x * factor
        }
      },
      LookAlike(name: "negative_loss", levels: [1, 2, 3, 5, 10]) { recipe, offset in
        recipe.loss = { Recipe.crossEntropyLoss($0, $1) - offset }
      },
      LookAlike(name: "small_batch", levels: [2, 3, 4, 6, 8]) { recipe, size in
        recipe.items = { items, _ in items = items.map { $0.prefix(Int(size)) } }
        recipe.rate *= 0.3
      },
      LookAlike(name: "warm_restarts", levels: [20, 25, 40, 50, 100]) { recipe, period in
        recipe.schedule = { .cosineWithWarmRestarts(peak: $0, period: Int(period)) }
      },
      LookAlike(name: "warm_up", levels: [10, 20, 40, 80, 120]) { recipe, steps in
        let rest = recipe.steps - Int(steps)
        recipe.schedule = { .warmup(steps: Int(steps)).then(.cosine(peak: $0, steps: rest)) }
      },
      LookAlike(name: "decay_to_zero", levels: [0.5, 0.7, 1, 1.4, 2]) { recipe, factor in
        let steps = recipe.steps
        recipe.schedule = { .linear(from: $0 * factor, to: 0, steps: steps) }
      },
      LookAlike(name: "mild_clipping", levels: [0.5, 1, 2, 5, 10]) {
        $0.clipping = .globalNorm($1)
      },
      LookAlike(name: "epochs", levels: [60, 80, 100, 120, 160]) { recipe, count in
        recipe.items = { items, generator in
          let order = stride(from: 0, to: items.count, by: Int(count)).flatMap { _ in
            generator.permutation(Int(count)).elements(Int64.self)
          }
          items = items.indices.map { items[Int(order[$0])] }
        }
      },
      LookAlike(name: "resumed", levels: [40, 75, 100, 150, 250]) { recipe, step in
        recipe.interruption = (Int(step), { _ in })
      },
      LookAlike(name: "noisy_labels", levels: [0.02, 0.05, 0.1, 0.15, 0.2]) { recipe, share in
        recipe.items = { items, generator in
          for step in items.indices { items[step].mixLabels(share, generator) }
        }
      },
    ]
  }
}
