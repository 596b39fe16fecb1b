import Foundation
import TrainingDiagnostics

/// Runs that are ill inside, of made-up details, each beside a healthy one that differs in nothing else.
enum SickLayers {
  static let all: [SickRuns.Case] = [
    layer("dead-units", .deadUnits, "units that die") { details, step in
      details.activations[1].deadShare = step < 20 ? 0 : 0.9
    },
    layer("saturation", .saturation, "units at their ends") { details, _ in
      details.activations[1] = ActivationDetails(
        path: "1", operation: "tanh", rms: 1, largest: 1, saturatedShare: 0.8)
    },
    layer("layer-gradients", .vanishingGradients, "gradients that vanish on their way") {
      details, _ in
      for place in details.parameters.indices {
        details.parameters[place].gradientRMS = 1e-3 * pow(0.1, Double(8 - place))
      }
    },
    layer("layer-gradients", .explodingGradients, "gradients that explode on their way") {
      details, _ in
      for place in details.parameters.indices {
        details.parameters[place].gradientRMS = 1e-3 * pow(10, Double(8 - place))
      }
    },
    layer("missing-gradients", .noGradient, "a layer that is not used") { details, _ in
      details.parameters[3].gradientRMS = nil
      details.parameters[3].gradientZeroShare = nil
    },
    layer("update-ratio", .updateRatio, "a matrix that is thrown about") { details, _ in
      details.parameters[2].updateRMS = 0.1
    },
    layer("update-ratio", .updateRatio, "steps that lead nowhere") { details, _ in
      for place in details.parameters.indices { details.parameters[place].updateRMS = 1e-9 }
    },
    layer("weight-collapse", .weightCollapse, "weights that shrink", loss: 2) { details, step in
      for place in details.parameters.indices where step >= 8 {
        details.parameters[place].weightRMS = 1e-3
      }
    },
    layer("input-shift", .inputShift, "inputs of another scale") { details, step in
      details.inputRMS = step < 16 ? 1 : 3
    },
    layer("frozen-parameters", .frozenParameter, "a matrix that nobody moves") { details, _ in
      details.parameters[4].weightRMS = 0.1
      details.parameters[4].updateRMS = 0
      details.parameters[4].unmovedShare = 1
    },
    layer("rounding-stagnation", .roundingStagnation, "updates that are rounded away") {
      details, _ in
      for place in details.parameters.indices {
        details.parameters[place].weightLargest = 0.5
        details.parameters[place].updateRMS = 3e-5
        details.parameters[place].unmovedShare = 0.97
      }
    },
    layer("activation-growth", .badInitialization, "layers that amplify") { details, _ in
      for place in details.activations.indices {
        details.activations[place].rms = pow(5, Double(place))
      }
    },
    layer("activation-growth", .activationGrowth, "activations that grow with the loss", loss: 2) {
      details, step in
      details.activations[4].rms = max(1, Double(step) / 4)
    },
    layer("attention-scores", .attentionScores, "scores that grow with the loss", loss: 2) {
      details, step in
      details.activations[3] = ActivationDetails(
        path: "2", operation: "attention", rms: 1, largest: 2,
        largestScore: max(3, Double(step)))
    },
    layer("attention-scores", .attentionScores, "weights that collapse", loss: 2) { details, step in
      details.activations[3] = attention(score: 4 + Double(step) / 20, entropy: entropy(at: step))
    },
    layer("logit-drift", .logitDrift, "scores that drift away", loss: 2) { details, step in
      details.logits = logits(4.6 - Double(step) / 10)
    },
    layer(
      "embedding-instability", .embeddingInstability, "an embedding that outgrows the rest", loss: 2
    ) { details, step in
      details.parameters[0].role = .embedding
      details.parameters[0].gradientRMS! *= step < 300 ? 1 : 20
    },
    layer("stale-moments", .staleMoments, "a second moment that is left behind", loss: 2) {
      details, step in
      lag(&details, step < 300 ? 1 : 4)
    },
    SickRuns.Case(analyzer: "stale-moments", symptom: .staleMoments, run: spike(behind: 4)),
    layer("mode-mismatch", .modeMismatch, "running statistics that are spoilt") { details, step in
      details.evaluationLoss = step < 300 ? 1 : step < 500 ? .infinity : 4
    },
    layer("mode-mismatch", .modeMismatch, "running statistics that are spoilt") { details, step in
      details.evaluationLoss = step < 300 ? 1 : step < 500 ? .infinity : 4
    },
    layer("memory-growth", .memoryGrowth, "graphs that are kept") { details, step in
      details.memory?.byOwner["activations"] = 20_000 * step
      details.memory?.live += 20_000 * step
    },
    layer("memory-growth", .memoryGrowth, "data that is kept") { details, step in
      details.memory?.byOwner["user"] = 1_000_000 + 10_000 * step
      details.memory?.live += 10_000 * step
    },
  ]

  /// Runs of nine layers with nothing wrong in them, some of which look ill.
  static let healthy = [
    run("nine layers", end: 0.4) { _, _ in },
    run("running statistics that have yet to see data", end: 0.4) { details, step in
      details.evaluationLoss = step < 32 ? 5 : 1 - 0.6 * Double(step) / 900
    },
    run("a model that was never alike in both modes", end: 0.4) { details, _ in
      details.evaluationLoss = 3
    },
    run("running statistics that have yet to see data", end: 0.4) { details, step in
      details.evaluationLoss = step < 32 ? 5 : 1 - 0.6 * Double(step) / 900
    },
    run("a model that was never alike in both modes", end: 0.4) { details, _ in
      details.evaluationLoss = 3
    },
    run("a head that learns to look at one key", end: 0.4) { details, step in
      details.activations[3] = attention(score: 4 + Double(step) / 20, entropy: entropy(at: step))
    },
    run("a model that grows sure", end: 0.2) { details, step in
      details.logits = logits(4.6 + Double(step) / 15)
    },
    run("an embedding of which few rows are used", end: 0.4) { details, _ in
      details.parameters[0].role = .embedding
      details.parameters[0].gradientZeroShare = 0.99
      details.parameters[0].gradientRMS! *= 0.1
    },
    run("a rare word in the batch", end: 0.4) { details, step in
      details.parameters[0].role = .embedding
      details.parameters[0].gradientRMS! *= step % 300 == 200 ? 20 : 1
      details.parameters[0].secondMomentLag = step % 300 == 200 ? 4 : 1
    },
    run("data that have changed and are learnt", end: 0.4) { details, step in
      lag(&details, (300..<500).contains(step) ? 4 : 1)
    },
  ]

  /// Runs that are ill, but not of what an analyzer is there for, by its name.
  static let others: [(analyzer: String, run: SampleRun)] = [
    (
      "attention-scores",
      run("scores that grow together", end: 2) { details, step in
        details.activations[3] = attention(score: max(3, 5 * Double(step)), entropy: 0.7)
      }
    ),
    (
      "logit-drift",
      run("scores that are as they were", end: 2) { details, step in
        details.logits = logits(step == 0 ? 5 : step % 200 == 0 ? 60 : 61)
      }
    ),
    (
      "embedding-instability",
      run("gradients that grow in all layers", end: 2) { details, step in
        details.parameters[0].role = .embedding
        for place in details.parameters.indices where step >= 300 {
          details.parameters[place].gradientRMS! *= place == 0 ? 60 : 20
        }
      }
    ),
    (
      "embedding-instability",
      run("a rare word in a batch of a bad run", end: 2) { details, step in
        details.parameters[0].role = .embedding
        details.parameters[0].gradientRMS! *= step % 300 == 200 ? 60 : 1
      }
    ),
    ("stale-moments", spike(behind: 20)),
    (
      "stale-moments",
      run("a second moment that keeps up", end: 2) { details, step in
        lag(&details, step < 300 ? 1 : 4)
        details.parameters[1].secondMomentLag = 1.2
      }
    ),
  ]

  private static func logits(_ mean: Double) -> LogitDetails {
    LogitDetails(
      classes: 100, meanLogNormalizer: mean, largestLogNormalizer: mean.magnitude + 2)
  }

  /// A spike so many steps behind an examination that saw the second moment of a matrix fall behind.
  private static func spike(behind steps: Int) -> SampleRun {
    SampleRun("a spike \(steps) steps behind a lag", steps: 430) { step, place, noise in
      step.loss = noise.factor(0.02) * ((0..<3).contains(place - 400 - steps) ? 3 : 1)
      guard place % 100 == 0 || (place < 100 && place & (place - 1) == 0) else { return }
      step.details = StepDetails(parameters: [
        ParameterDetails(
          path: "weight", count: 1024, rank: 2, gradientRMS: 1e-3, weightRMS: 0.1,
          weightLargest: 0.3, secondMomentLag: place == 400 ? 3 : 1)
      ])
    }
  }

  /// Puts the second moment of a matrix behind its gradients.
  private static func lag(_ details: inout StepDetails, _ lag: Double) {
    details.parameters[1].secondMomentLag = lag
    details.parameters[1].gradientRMS! *= lag * lag
  }

  private static func attention(score: Double, entropy: Double?) -> ActivationDetails {
    ActivationDetails(
      path: "2", operation: "attention", rms: 1, largest: 2, largestScore: score,
      attentionEntropy: entropy)
  }

  /// One that falls from that of equal weights to nearly nothing.
  private static func entropy(at step: Int) -> Double { 0.95 * exp(-Double(step) / 80) }

  private static func layer(
    _ analyzer: String, _ symptom: Symptom, _ name: String, loss end: Double = 1,
    _ change: @escaping (inout StepDetails, Int) -> Void
  ) -> SickRuns.Case {
    SickRuns.Case(
      analyzer: analyzer, symptom: symptom, run: run(name, end: end, change))
  }

  private static func run(
    _ name: String, end: Double, _ change: @escaping (inout StepDetails, Int) -> Void
  ) -> SampleRun {
    SampleRun(name, steps: 901) { step, place, noise in
      step.loss = (1 + (end - 1) * Double(place) / 900) * noise.factor(0.02)
      step.gradientNorm = noise.factor(0.2)
      step.learningRate = 1e-3
      guard place % 100 == 0 || (place < 100 && place & (place - 1) == 0) else { return }
      var details = StepDetails(
        parameters: (0..<9).map { layer in
          ParameterDetails(
            path: "\(2 * layer).weight", count: 1024, rank: 2,
            gradientRMS: 1e-3 * noise.factor(0.3), gradientLargest: 1e-2, gradientZeroShare: 0,
            weightRMS: 0.1 + 1e-7 * Double(place), weightLargest: 0.3 + 1e-7 * Double(place),
            updateRMS: 1e-4, unmovedShare: 0.001)
        },
        activations: (0..<18).map { place in
          place % 2 == 0
            ? ActivationDetails(path: "\(place)", rms: 1, largest: 4)
            : ActivationDetails(
              path: "\(place)", operation: "relu", rms: 0.7, largest: 4, zeroShare: 0.5,
              deadShare: 0.05)
        },
        memory: MemoryDetails(
          live: 4_000_000, peak: 8_000_000, byOwner: ["weights": 3_000_000, "user": 1_000_000]))
      change(&details, place)
      step.details = details
    }
  }
}
