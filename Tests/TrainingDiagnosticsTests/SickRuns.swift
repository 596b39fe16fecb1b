import Foundation
import TrainingDiagnostics

/// Runs that are ill, by the analyzer that has to find it, by the symptom and by the least severity.
enum SickRuns {
  struct Case {
    let analyzer: String
    let symptom: Symptom
    var severity = Severity.warning
    let run: SampleRun
  }

  static var all: [Case] {
    fatal + spiking + slow + standing + precise + scheduled + waiting + resumed + SickLayers.all
  }

  private static func fall(_ place: Int, from high: Double, to low: Double, within steps: Double)
    -> Double
  {
    HealthyRuns.fall(place, from: high, to: low, within: steps)
  }

  /// The steps around iteration 31,217 of BLOOM-176B.
  static let bloom: [StepRecord] = zip(
    [2.199, 2.220, 2.595, 2.242, 2.345, 5.098, 3.49, 3.21, 2.80],
    [0.242, 0.947, 2.39, 15.9, 145, 960, 353, 379, 650]
  ).enumerated().map { StepRecord(step: 31_214 + $0, loss: $1.0, gradientNorm: $1.1) }

  private static let fatal = [
    Case(
      analyzer: "non-finite-values", symptom: .nonFiniteLoss,
      severity: .fault,
      run: SampleRun("NaN at once", steps: 30) { step, place, _ in step.loss = .nan }),
    Case(
      analyzer: "non-finite-values", symptom: .nonFiniteLoss,
      severity: .fault,
      run: SampleRun("NaN out of the blue", steps: 200) { step, place, noise in
        step.loss =
          place < 150 ? fall(place, from: 3, to: 1, within: 50) * noise.factor(0.05) : .nan
      }),
    Case(
      analyzer: "non-finite-values", symptom: .nonFiniteGradient,
      severity: .fault,
      run: SampleRun("norms that stay NaN", steps: 200) { step, place, noise in
        step.loss = 2 * noise.factor(0.05)
        step.gradientNorm = place < 100 ? noise.factor(0.2) : .nan
      }),
    Case(
      analyzer: "explosion", symptom: .explosion, run: SampleRun("BLOOM-176B", SickRuns.bloom)),
    Case(
      analyzer: "explosion", symptom: .explosion,
      severity: .fault,
      run: SampleRun("too large a rate", steps: 120) { step, place, noise in
        let growth = place < 80 ? 1 : pow(1.6, Double(place - 80))
        step.loss = fall(place, from: 2.3, to: 1, within: 30) * noise.factor(0.05) * growth
        step.gradientNorm = noise.factor(0.2) * growth * growth
      }),
    Case(
      analyzer: "explosion", symptom: .explosion,
      severity: .fault,
      run: SampleRun("an explosion in losses alone", steps: 120) { step, place, noise in
        step.loss =
          fall(place, from: 2.3, to: 1, within: 30) * noise.factor(0.05)
          * (place < 80 ? 1 : pow(1.6, Double(place - 80)))
      }),
    Case(
      analyzer: "explosion", symptom: .explosion,
      severity: .fault,
      run: SampleRun("an explosion below zero", steps: 400) { step, place, noise in
        step.loss =
          fall(place, from: 2, to: -3, within: 60) + 0.1 * noise.normal()
          + (place < 300 ? 0 : pow(1.5, Double(place - 300)))
        step.gradientNorm = noise.factor(0.2) * (place < 300 ? 1 : pow(2, Double(place - 300)))
      }),
    Case(
      analyzer: "explosion", symptom: .explosion,
      severity: .fault,
      run: SampleRun("a log that ends in it", steps: 100) { step, place, noise in
        step.loss =
          place == 99 ? 900 : fall(place, from: 2.3, to: 1, within: 30) * noise.factor(0.05)
      }),
  ]

  private static let spiking = [
    Case(
      analyzer: "gradient-growth", symptom: .gradientGrowth, run: SampleRun("BLOOM-176B", bloom)),
    Case(
      analyzer: "gradient-growth", symptom: .gradientGrowth,
      run: SampleRun("norms that triple", steps: 210) { step, place, noise in
        step.loss = 3 * noise.factor(0.01)
        step.gradientNorm = noise.factor(0.1) * (place < 200 ? 1 : pow(3, Double(place - 199)))
      }),
    Case(
      analyzer: "loss-spike", symptom: .lossSpike,
      severity: .note,
      run: SampleRun("one batch that is unlike the others", steps: 300) { step, place, noise in
        step.loss = 3 * noise.factor(0.02) * (place == 200 ? 2.5 : 1)
      }),
    Case(
      analyzer: "loss-spike", symptom: .lossSpike,
      run: SampleRun("a spike and a slow recovery", steps: 500) { step, place, noise in
        step.loss = 2 * noise.factor(0.02) + (place < 300 ? 0 : 5 * exp(-Double(place - 300) / 60))
      }),
  ]

  private static let slow = [
    Case(
      analyzer: "divergence", symptom: .divergence,
      severity: .fault,
      run: SampleRun("losses that climb for long", steps: 3000) { step, place, noise in
        step.loss =
          fall(place, from: 10, to: 2, within: 100) * noise.factor(0.03)
          + max(0, Double(place - 1500) / 500)
      }),
    Case(
      analyzer: "divergence", symptom: .divergence,
      severity: .fault,
      run: SampleRun("evaluations that climb", steps: 3000) { step, place, noise in
        step.loss = fall(place, from: 7, to: 3.3, within: 200) * noise.factor(0.05)
        guard place % 30 == 0 else { return }
        step.trainLoss =
          fall(place, from: 7, to: 1.5, within: 200) * noise.factor(0.04)
          + max(0, Double(place - 1500) / 500)
      }),
    Case(
      analyzer: "overfitting", symptom: .overfitting,
      run: SampleRun("learnt by heart", steps: 3000) { step, place, noise in
        step.loss = fall(place, from: 2, to: 0.01, within: 500) * noise.factor(0.1)
        guard place % 50 == 0 else { return }
        step.validationLoss =
          (fall(place, from: 2, to: 0.5, within: 200) + max(0, Double(place - 800) / 5000))
          * noise.factor(0.01)
      }),
    Case(
      analyzer: "overfitting", symptom: .overfitting,
      run: SampleRun("learnt by heart, an epoch a row", steps: 40) { step, place, noise in
        step.loss = fall(place, from: 2, to: 0.01, within: 8) * noise.factor(0.02)
        step.validationLoss =
          (fall(place, from: 2, to: 0.5, within: 4) + max(0, Double(place - 12) / 40))
          * noise.factor(0.01)
      }),
    Case(
      analyzer: "overfitting", symptom: .overfitting,
      run: SampleRun("learnt by heart from the first steps on", steps: 300) { step, place, noise in
        step.loss = fall(place, from: 2.5, to: 0.01, within: 60) * noise.factor(0.1)
        guard place % 20 == 19 else { return }
        step.validationLoss = (2.3 + Double(place) / 150) * noise.factor(0.035)
      }),
  ]

  private static let standing = [
    Case(
      analyzer: "plateau", symptom: .plateau,
      run: SampleRun("nothing learnt, with few evaluations", steps: 400) { step, place, noise in
        step.loss = 2.3 * noise.factor(0.02)
        if place % 40 == 39 { step.trainLoss = 2.3 * noise.factor(0.01) }
      }),
    Case(
      analyzer: "plateau", symptom: .plateau,
      run: SampleRun("frozen", steps: 600) { step, _, noise in
        step.loss = 2.3031 * noise.factor(0.01)
        step.gradientNorm = 0.4 * noise.factor(0.2)
      }),
    Case(
      analyzer: "plateau", symptom: .plateau,
      severity: .fault,
      run: SampleRun("above the start", steps: 1000) { step, place, noise in
        step.loss = (place < 20 ? 6.908 : 7.2) * noise.factor(0.003)
      }),
    Case(
      analyzer: "plateau", symptom: .plateau,
      severity: .fault,
      run: SampleRun("evaluations above the start", steps: 40) { step, place, noise in
        step.step = place * 900
        step.trainLoss = (place == 0 ? 6.908 : 7.2) * noise.factor(0.002)
      }),
    Case(
      analyzer: "slow-convergence", symptom: .slowConvergence,
      severity: .note,
      run: SampleRun("a tiny rate", steps: 1000) { step, place, noise in
        step.loss = (2.3 - 0.0001 * Double(place)) * noise.factor(0.002)
      }),
    Case(
      analyzer: "oscillation", symptom: .oscillation,
      run: SampleRun("from side to side", steps: 400) { step, place, noise in
        let side = place < 150 ? 0 : place % 2 == 0 ? 0.3 : -0.3
        step.loss = 1 * noise.factor(0.05) + side
      }),
    Case(
      analyzer: "oscillation", symptom: .oscillation,
      run: SampleRun("swings that have grown", steps: 800) { step, place, noise in
        step.loss =
          place < 400
          ? fall(place, from: 2.3, to: 0.8, within: 50) * noise.factor(0.03)
          : 1.8 * noise.factor(0.5)
      }),
    Case(
      analyzer: "vanishing-gradients", symptom: .vanishingGradients,
      run: SampleRun("gradients that die", steps: 300) { step, place, noise in
        step.loss = 2.3 * noise.factor(0.01)
        step.gradientNorm = place < 50 ? noise.factor(0.2) : 1e-5 * noise.factor(0.3)
      }),
    Case(
      analyzer: "vanishing-gradients", symptom: .vanishingGradients,
      severity: .fault,
      run: SampleRun("no gradients at all", steps: 60) { step, _, noise in
        step.loss = 2.3 * noise.factor(0.01)
        step.gradientNorm = 0
      }),
    Case(
      analyzer: "repeated-losses", symptom: .repeatedLosses,
      severity: .fault,
      run: SampleRun("the same epoch again and again", steps: 400) { step, place, _ in
        var noise = Noise(seed: UInt64(place % 20))
        step.loss = 2.3 * noise.factor(0.1)
      }),
  ]

  private static let precise = [
    Case(
      analyzer: "loss-scale-collapse", symptom: .lossScaleCollapse,
      run: SampleRun("a scale that falls and falls", steps: 300) { step, place, noise in
        step.loss = 3 * noise.factor(0.02)
        step.lossScale = 65_536 * pow(0.5, Double(max(0, place - 200) / 8))
      }),
    Case(
      analyzer: "loss-scale-collapse", symptom: .lossScaleCollapse,
      severity: .fault,
      run: SampleRun("a scale without a floor", steps: 60) { step, place, noise in
        step.loss = 3 * noise.factor(0.02)
        step.lossScale = max(0.001, 65_536 * pow(0.5, Double(place)))
      }),
    Case(
      analyzer: "clipping-dominates", symptom: .clippingDominates,
      run: SampleRun("clipped to nothing", steps: 600) { step, _, noise in
        step.loss = 2.3 * noise.factor(0.02)
        step.gradientNorm = 500 * noise.factor(0.2)
        step.clipFactor = 0.01 / step.gradientNorm!
      }),
    Case(
      analyzer: "skipped-steps", symptom: .skippedSteps,
      severity: .fault,
      run: SampleRun("skipped for good", steps: 50) { step, place, noise in
        step.loss = place < 20 ? 3 * noise.factor(0.1) : .nan
        step.skip = place < 20 ? nil : .nonFinite
      }),
    Case(
      analyzer: "skipped-steps", symptom: .skippedSteps,
      severity: .fault,
      run: SampleRun("batches without labels", steps: 50) { step, place, noise in
        step.skip = .emptyBatch
      }),
  ]

  private static let scheduled = [
    Case(
      analyzer: "zero-learning-rate", symptom: .zeroLearningRate,
      severity: .fault,
      run: SampleRun("no rate", steps: 100) { step, _, noise in
        step.learningRate = 0
        step.loss = 2.3 * noise.factor(0.02)
      }),
    Case(
      analyzer: "zero-learning-rate", symptom: .zeroLearningRate,
      run: SampleRun("a schedule that is too short", steps: 1000) { step, place, noise in
        step.learningRate = max(0, 1e-3 * (1 - Double(place) / 500))
        step.loss = fall(min(place, 500), from: 3, to: 1, within: 300) * noise.factor(0.03)
      }),
    Case(
      analyzer: "learning-rate-jump", symptom: .learningRateJump,
      run: SampleRun("ten times the rate", steps: 400) { step, place, noise in
        step.learningRate = place < 200 ? 1e-3 : 1e-2
        step.loss = (place < 200 ? 1 : 1.7) * noise.factor(0.03)
      }),
    Case(
      analyzer: "level-rise", symptom: .levelRise, severity: .note,
      run: SampleRun("other data from a step on", steps: 400) { step, place, noise in
        step.loss =
          (place < 203 ? fall(place, from: 2.3, to: 1.8, within: 60) : 2) * noise.factor(0.03)
      }),
    Case(
      analyzer: "early-rate", symptom: .explosion,
      run: SampleRun("no warm-up", steps: 400) { step, place, noise in
        step.learningRate = place < 20 ? 3e-2 : 1e-3
        step.loss = (place < 20 ? 2.3 + 0.2 * Double(place) : 3.5) * noise.factor(0.03)
      }),
  ]

  private static let waiting = [
    Case(
      analyzer: "slow-loader", symptom: .slowLoader, severity: .note,
      run: SampleRun("a loader that is too slow", steps: 400) { step, place, noise in
        step.loss = fall(place, from: 2.3, to: 0.3, within: 100) * noise.factor(0.05)
        (step.seconds, step.waitSeconds) = (0.02 * noise.factor(0.1), 0.03 * noise.factor(0.5))
      })
  ]

  private static let resumed = [
    Case(
      analyzer: "resume-jump", symptom: .resumeJump,
      run: SampleRun(
        "resumed without moments",
        (0..<600).map { place in
          let step = place < 400 ? place : place - 50
          let jump = place < 400 ? 0 : 1.5 * exp(-Double(place - 400) / 30)
          return StepRecord(step: step, loss: fall(step, from: 3, to: 1, within: 100) + jump)
        })),
    Case(
      analyzer: "resume-jump", symptom: .resumeJump,
      severity: .note,
      run: SampleRun("resumed on data that was seen", steps: 600) { step, place, noise in
        step.step = place < 400 ? place : place - 50
        step.loss = (place < 400 ? 1 : 0.6) * noise.factor(0.02)
      }),
  ]
}
