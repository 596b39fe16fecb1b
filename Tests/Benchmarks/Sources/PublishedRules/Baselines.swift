import TrainingDiagnostics

/// The published rules, with their own defaults. Rules for a loss look at steps and at both evaluations.
package enum Baselines {
  package static var all: [Detector] {
    [
      losses("AUTOTRAINER loss") { { !$0.isFinite || $0 >= 1e3 } },
      losses("DeepDiagnosis 5 equal") { deepLocalize() },
      losses("SageMaker not decreasing") { notDecreasing() },
      Detector(name: "SageMaker overfit", firstAlarm: overfit),
      losses("Lightning spike") { lightning() },
      losses("Megatron spike") { megatron() },
      losses("llm.c loss z > 6") { zScore(limit: 6) },
      norms("llm.c norm z > 6") { zScore(limit: 6) },
      norms("ZClip z > 2.5") { zClip() },
      losses("OLMo 7 sigma") { olmo() },
      norms("norm > 10") { { $0 > 10 } },
    ]
  }

  /// A rule for values, which keeps its state in the closure that `make` returns, on each series of losses.
  private static func losses(
    _ name: String, _ make: @escaping () -> (Double) -> Bool
  ) -> Detector {
    on([.loss, .trainLoss, .validationLoss], name, make)
  }

  private static func norms(
    _ name: String, _ make: @escaping () -> (Double) -> Bool
  ) -> Detector {
    on([.gradientNorm], name, make)
  }

  private static func on(
    _ quantities: [Quantity], _ name: String, _ make: @escaping () -> (Double) -> Bool
  ) -> Detector {
    Detector(name: name) { steps in
      let rules = quantities.map { ($0, make()) }
      for step in steps {
        for (quantity, rule) in rules {
          if let value = step[quantity], rule(value) { return step.step }
        }
      }
      return nil
    }
  }

  private static func deepLocalize() -> (Double) -> Bool {
    var last: [Double] = []
    return { value in
      last = last.suffix(4) + [value]
      return !value.isFinite || (last.count == 5 && last.allSatisfy { $0 == last[0] })
    }
  }

  private static func notDecreasing() -> (Double) -> Bool {
    var (count, reference) = (0, Double.infinity)
    return { value in
      defer { count += 1 }
      guard count % 10 == 0 else { return false }
      defer { reference = value }
      return value >= reference
    }
  }

  private static func overfit(_ steps: [StepRecord]) -> Int? {
    steps.first { step in
      guard let train = step.trainLoss, let held = step.validationLoss else { return false }
      return (held - train) / train > 0.1
    }?.step
  }

  private static func lightning() -> (Double) -> Bool {
    var (last, window) = (Double.infinity, [Double]())
    return { value in
      defer { (last, window) = (value, window.suffix(9) + [value]) }
      if !value.isFinite { return true }
      guard window.count > 1 else { return false }
      let mean = window.reduce(0, +) / Double(window.count)
      return value > last && abs(value - mean) >= 2 * abs(mean)
    }
  }

  private static func megatron() -> (Double) -> Bool {
    var (count, highest) = (0, 0.0)
    return { value in
      if !value.isFinite { return true }
      count += 1
      if count <= 100 {
        highest = max(highest, value)
        return false
      }
      return value >= 10 * highest
    }
  }

  /// The value itself counts in the window, which is silent until it is full.
  private static func zScore(limit: Double) -> (Double) -> Bool {
    var window: [Double] = []
    return { value in
      window = window.suffix(127) + [value]
      guard window.count == 128 else { return false }
      let (mean, deviation) = moments(window)
      return (value - mean) / deviation > limit
    }
  }

  private static func zClip() -> (Double) -> Bool {
    var (warmUp, mean, variance) = ([Double](), 0.0, 0.0)
    return { value in
      guard value.isFinite else { return false }
      if warmUp.count < 25 {
        warmUp.append(value)
        let (m, deviation) = moments(warmUp)
        (mean, variance) = (m, deviation * deviation)
        return false
      }
      let z = (value - mean) / max(variance.squareRoot(), 1e-12)
      // An outlier enters the averages as the value that it is clipped to.
      let clipped = z > 2.5 ? mean + 2.5 * 2.5 / z * variance.squareRoot() : value
      variance = 0.97 * variance + 0.03 * (clipped - mean) * (clipped - mean)
      mean = 0.97 * mean + 0.03 * clipped
      return z > 2.5
    }
  }

  private static func olmo() -> (Double) -> Bool {
    var window: [Double] = []
    return { value in
      defer { window = window.suffix(99) + [value] }
      guard window.count >= 20 else { return false }
      let (mean, deviation) = moments(window)
      return abs(value - mean) > 7 * deviation
    }
  }

  private static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, variance.squareRoot())
  }
}
