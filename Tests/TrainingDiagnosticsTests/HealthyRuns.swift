import Foundation
import TrainingDiagnostics

/// Runs that are well, most of which look ill to some published rule.
enum HealthyRuns {
  static var all: [SampleRun] {
    plain + schedules + odd + scaled + evaluated + SickLayers.healthy
  }

  /// A loss from `high` down to `low` within some steps.
  static func fall(_ place: Int, from high: Double, to low: Double, within steps: Double) -> Double
  {
    low + (high - low) * exp(-Double(place) / steps)
  }

  private static let plain = [
    SampleRun("classifier", steps: 2000) { step, place, noise in
      step.loss = fall(place, from: 2.3, to: 0.05, within: 200) * noise.factor(0.08)
      step.gradientNorm = fall(place, from: 4, to: 0.3, within: 300) * noise.factor(0.3)
    },
    SampleRun("gradients shrink with the loss", steps: 3000) { step, place, noise in
      step.loss = fall(place, from: 1, to: 0.002, within: 300) * noise.factor(0.05)
      step.gradientNorm = fall(place, from: 10, to: 0.002, within: 300) * noise.factor(0.3)
    },
    SampleRun("language model", steps: 3000, every: 10) { step, place, noise in
      step.learningRate = 6e-4 * min(1, Double(place + 1) / 70)
      step.loss = (3.1 + 7.7 * pow(1 + Double(place) / 20, -0.7)) * noise.factor(0.02)
      step.gradientNorm = (0.3 + 15 * exp(-Double(place) / 20)) * noise.factor(0.25)
    },
    SampleRun("batches of one", steps: 3000) { step, place, noise in
      step.loss = fall(place, from: 2, to: 0.5, within: 500) * noise.factor(0.8)
      step.gradientNorm = fall(place, from: 3, to: 1, within: 500) * noise.factor(1)
    },
    SampleRun("fine-tuning", steps: 1500) { step, place, noise in
      step.loss = fall(place, from: 2.2, to: 2.0, within: 900) * noise.factor(0.06)
      step.gradientNorm = noise.factor(0.3)
    },
    SampleRun("an excerpt from the middle", steps: 800, first: 40_000) { step, _, noise in
      step.loss = 2.2 * noise.factor(0.02)
      step.gradientNorm = 0.2 * noise.factor(0.2)
    },
    SampleRun("a hundred steps of warm-up", steps: 100) { step, _, noise in
      step.loss = 6.92 * noise.factor(0.001)
      step.gradientNorm = 0.3 * noise.factor(0.1)
    },
    SampleRun("most of the way in a few rows", steps: 600, every: 100) { step, place, noise in
      step.loss = (0.054 + 0.73 * exp(-4 * Double(place))) * noise.factor(0.05)
      step.gradientNorm = 0.005 * noise.factor(0.5)
    },
    SampleRun("a long way before the fall", steps: 1800, every: 100) { step, place, noise in
      step.loss =
        (place < 450 ? 7.1 : fall(place - 450, from: 7.1, to: 3, within: 200)) * noise.factor(0.02)
    },
    SampleRun("a hard batch where next to nothing is left", steps: 600) { step, place, noise in
      step.loss =
        fall(place, from: 2.1, to: 0.015, within: 60) * noise.factor(0.1)
        + (place == 400 ? 0.08 : place == 420 ? 0.2 : 0)
      step.gradientNorm =
        fall(place, from: 3, to: 0.02, within: 60) * noise.factor(0.3)
        + (place == 400 || place == 420 ? 1 : 0)
    },
    SampleRun("done and standing still", steps: 6000) { step, place, noise in
      step.loss = fall(place, from: 2.3, to: 0.4, within: 200) * noise.factor(0.05)
      step.gradientNorm = 0.4 * noise.factor(0.3)
    },
  ]

  private static let schedules = [
    SampleRun("warm restarts", steps: 4000) { step, place, noise in
      let phase = Double(place % 1000) / 1000
      step.learningRate = 0.05 * (1 + cos(.pi * phase)) + 1e-5
      let base = 0.3 * (1 + cos(.pi * phase)) / 2 + 0.03
      step.loss = (base + 2 * exp(-Double(place) / 100)) * noise.factor(0.1)
      step.gradientNorm = (0.5 + base) * noise.factor(0.3)
    },
    SampleRun("warm restarts that nobody logs", steps: 4000) { step, place, noise in
      let base = 0.5 * (1 + cos(.pi * Double(place % 1000) / 1000)) / 2 + 0.3
      step.loss = (base + 2 * exp(-Double(place) / 100)) * noise.factor(0.1)
    },
    SampleRun("cosine to zero", steps: 2000) { step, place, noise in
      step.learningRate = place < 1990 ? 0.1 * (1 + cos(.pi * Double(place) / 1990)) / 2 : 0
      step.loss = fall(place, from: 4, to: 0.8, within: 500) * noise.factor(0.05)
    },
    SampleRun("steps down", steps: 3000) { step, place, noise in
      let stage = place / 1000
      step.learningRate = 0.1 * pow(0.1, Double(stage))
      step.loss = [0.9, 0.5, 0.4][stage] * noise.factor(0.1) + 3 * exp(-Double(place) / 60)
    },
    SampleRun("rates printed as zero", steps: 600) { step, place, noise in
      step.learningRate = 0
      step.loss = fall(place, from: 3, to: 1, within: 100) * noise.factor(0.03)
    },
    SampleRun("a rate that rises from zero", steps: 500) { step, place, noise in
      step.learningRate = place < 5 ? 0 : 1e-3
      step.loss = fall(place, from: 3, to: 1, within: 100) * noise.factor(0.03)
    },
  ]

  private static let odd = [
    SampleRun("single outliers in the data", steps: 3000) { step, place, noise in
      let isOutlier = place > 100 && place % 157 == 0
      step.loss =
        fall(place, from: 11, to: 3.3, within: 200) * noise.factor(0.02) * (isOutlier ? 2.5 : 1)
      step.gradientNorm = 0.4 * noise.factor(0.2) * (isOutlier ? 12 : 1)
    },
    SampleRun("a loader that stalls now and then", steps: 2000) { step, place, noise in
      step.loss = fall(place, from: 3, to: 1, within: 300) * noise.factor(0.05)
      step.seconds = 0.05 * noise.factor(0.1)
      step.waitSeconds = place % 100 == 0 ? 8 : 0.001 * noise.factor(1)
    },
    SampleRun("a huge norm beside a usual loss", steps: 500) { step, place, noise in
      step.loss = fall(place, from: 3, to: 1, within: 100) * noise.factor(0.05)
      step.gradientNorm = place == 300 ? 11_140 : noise.factor(0.3)
    },
    SampleRun("likelihoods below zero", steps: 2000) { step, place, noise in
      step.loss = fall(place, from: 2, to: -3, within: 300) + 0.2 * noise.normal()
      step.gradientNorm = 5 * noise.factor(0.4)
    },
    SampleRun("minus millions", steps: 2000) { step, place, noise in
      step.loss = fall(place, from: -1e5, to: -2.9e6, within: 400) * noise.factor(0.02)
      step.gradientNorm = 1e5 * noise.factor(0.5)
    },
    SampleRun("losses of a policy", steps: 3000) { step, _, noise in
      step.loss = 0.02 * noise.normal() * noise.factor(0.8)
      step.gradientNorm = 0.5 * noise.factor(0.5)
    },
    SampleRun("losses of a value function", steps: 3000) { step, place, noise in
      step.loss = (1 + 0.5 * sin(Double(place) / 300)) * noise.factor(0.6)
      step.gradientNorm = 2 * noise.factor(0.8)
    },
    SampleRun("a loss in bfloat16", steps: 2000) { step, place, noise in
      let loss = fall(place, from: 2.6, to: 2.5, within: 600) * noise.factor(0.002)
      step.loss = Double(Float(bitPattern: Float(loss).bitPattern & 0xFFFF_0000))
    },
    SampleRun("a loss with two digits", steps: 1000) { step, _, noise in
      step.loss = (69.3 * noise.factor(0.003)).rounded() / 100
    },
    SampleRun(
      "resumed as it was",
      (0..<600).map { place in
        let step = place < 400 ? place : place - 100
        return StepRecord(
          step: step, loss: fall(step, from: 3, to: 1, within: 100) + 0.01 * sin(Double(place) * 7))
      }),
    SampleRun("steps that begin anew with every epoch", steps: 900) { step, place, noise in
      step.step = place % 90
      step.loss = fall(place, from: 3, to: 1, within: 200) * noise.factor(0.05)
    },
    SampleRun("an infinite norm now and then", steps: 1000) { step, place, noise in
      step.loss = fall(place, from: 30, to: 0.5, within: 150) * noise.factor(0.05)
      step.gradientNorm = place > 500 && place % 3 == 0 ? .infinity : 1e8 * noise.factor(1)
    },
    SampleRun("rewards that jump about", steps: 4000) { step, place, noise in
      step.loss =
        -fall(place, from: 0, to: 200, within: 1500) * noise.factor(0.5) + 20 * noise.normal()
      step.gradientNorm = 3 * noise.factor(1)
    },
    SampleRun("two losses that fight", steps: 4000) { step, place, noise in
      step.loss = (0.69 + 0.15 * sin(Double(place) / 40)) * noise.factor(0.25)
      step.gradientNorm = noise.factor(0.5)
    },
    SampleRun("batches of two tasks in turn", steps: 3000) { step, place, noise in
      step.loss =
        fall(place, from: 4, to: 0.8, within: 300) * noise.factor(0.05) * (place % 2 == 0 ? 1 : 1.5)
      step.gradientNorm = noise.factor(0.3)
    },
    SampleRun("long sequences now and then", steps: 3000) { step, place, noise in
      step.loss =
        fall(place, from: 8, to: 2.5, within: 200) * noise.factor(0.03)
        * (noise.uniform() < 0.05 ? 1.4 : 1)
      step.gradientNorm = 0.5 * noise.factor(0.3) * (noise.uniform() < 0.05 ? 6 : 1)
    },
    SampleRun("a tail of large losses", steps: 4000) { step, place, noise in
      // Ratios of a Cauchy distribution, tamed a little.
      let tail = min(abs(noise.normal() / noise.normal()), 50)
      step.loss = fall(place, from: 3, to: 0.5, within: 400) * (1 + 0.3 * tail)
      step.gradientNorm = 1 + tail
    },
    SampleRun("one step", [StepRecord(step: 0, loss: 2.3)]),
    SampleRun("nothing", []),
  ]

  private static let scaled = [
    SampleRun("a loss scale that finds its place", steps: 800) { step, place, noise in
      let exponent = max(14, 32 - place)
      step.lossScale = exp2(Double(exponent))
      step.skip = exponent > 14 ? .overflow : nil
      step.loss = fall(max(0, place - 18), from: 3, to: 1, within: 100) * noise.factor(0.04)
      step.gradientNorm = exponent > 14 ? .infinity : noise.factor(0.3)
    },
    SampleRun("a loss scale that halves once after it found its place", steps: 300) {
      step, place, noise in
      step.loss = fall(place, from: 2, to: 0.5, within: 100) * noise.factor(0.05)
      step.lossScale = pow(2, 24 - Double(min(place, 8)) - (place < 32 ? 0 : 1))
    },
    SampleRun("a loss scale that grows and halves", steps: 2000) { step, place, noise in
      step.lossScale = place % 200 < 100 ? 65_536 : 32_768
      step.loss = fall(place, from: 3, to: 1, within: 300) * noise.factor(0.04)
    },
    SampleRun("a loss scale that is logged now and then", steps: 400, every: 500) {
      step, place, noise in
      step.lossScale = place < 100 || place % 7 < 5 ? 65_536 : 8_192
      step.loss = fall(place, from: 3, to: 1, within: 60) * noise.factor(0.04)
    },
    SampleRun("clipped all the time", steps: 2000) { step, place, noise in
      step.loss = fall(place, from: 10, to: 3, within: 200) * noise.factor(0.03)
      step.gradientNorm = 2.2 * noise.factor(0.2)
      step.clipFactor = min(1, 1 / step.gradientNorm!)
    },
  ]

  private static let evaluated = [
    SampleRun("evaluations that level off", steps: 3000) { step, place, noise in
      step.loss = fall(place, from: 2.3, to: 0.3, within: 400) * noise.factor(0.1)
      guard place % 50 == 0 else { return }
      step.trainLoss = fall(place, from: 2.3, to: 0.3, within: 400) * noise.factor(0.02)
      step.validationLoss = fall(place, from: 2.3, to: 0.5, within: 300) * noise.factor(0.02)
    },
    SampleRun("an epoch a row", steps: 60) { step, place, noise in
      step.loss = fall(place, from: 2, to: 0.2, within: 10) * noise.factor(0.02)
      step.validationLoss = fall(place, from: 2, to: 0.45, within: 9) * noise.factor(0.04)
    },
    SampleRun("steps that are flat and evaluations that fall", steps: 140) { step, place, noise in
      guard place >= 100 else {
        step.loss = 6.92 * noise.factor(0.001)
        return
      }
      step.step = (place - 99) * 500
      step.trainLoss = fall(place - 100, from: 6.9, to: 1.2, within: 8) * noise.factor(0.02)
    },
    SampleRun("evaluations that rise together and come back", steps: 4000) { step, place, noise in
      step.loss = fall(place, from: 2.3, to: 0.3, within: 400) * noise.factor(0.1)
      guard place % 50 == 0 else { return }
      let rise = 1 + 0.2 * exp(-pow(Double(place - 2500) / 400, 2))
      step.trainLoss = fall(place, from: 2.3, to: 0.3, within: 400) * noise.factor(0.005) * rise
      step.validationLoss =
        fall(place, from: 2.3, to: 0.5, within: 300) * noise.factor(0.005) * rise
    },
    SampleRun("other data from the middle on", steps: 4000) { step, place, noise in
      step.loss =
        (fall(place, from: 10, to: 2.2, within: 300) + (place < 2000 ? 0 : 0.35))
        * noise.factor(0.02)
      step.gradientNorm = 0.4 * noise.factor(0.2)
    },
    SampleRun("a validation loss that overtakes by a little", steps: 6000) { step, place, noise in
      step.loss = fall(place, from: 2.3, to: 0.2, within: 900) * noise.factor(0.1)
      guard place % 100 == 0 else { return }
      step.validationLoss =
        (fall(place, from: 2.3, to: 0.5, within: 400) + Double(place) * 2e-6) * noise.factor(0.005)
    },
    SampleRun("evaluations of few samples", steps: 4000) { step, place, noise in
      step.loss = fall(place, from: 2.3, to: 0.3, within: 400) * noise.factor(0.1)
      if place % 50 == 0 {
        step.validationLoss = fall(place, from: 2.3, to: 0.6, within: 400) * noise.factor(0.2)
      }
    },
    SampleRun("an evaluation that is off once", steps: 3000) { step, place, noise in
      step.loss = fall(place, from: 2.3, to: 0.3, within: 400) * noise.factor(0.1)
      guard place % 50 == 0 else { return }
      step.validationLoss = fall(place, from: 2.3, to: 0.5, within: 300) * (place == 1500 ? 4 : 1)
    },
  ]
}
