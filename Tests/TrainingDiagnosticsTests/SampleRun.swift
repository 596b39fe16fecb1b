import Foundation
import TrainingDiagnostics

/// A run made up for tests: steps with values of a formula, and noise that is the same every time.
struct SampleRun {
  let name: String
  let steps: [StepRecord]

  /// Steps that `body` fills in.
  init(
    _ name: String, steps count: Int, first: Int = 0, every: Int = 1,
    _ body: (inout StepRecord, Int, inout Noise) -> Void
  ) {
    var noise = Noise(seed: UInt64(name.utf8.reduce(7) { ($0 &* 31 &+ UInt($1)) }))
    self.name = name
    steps = (0..<count).map { place in
      var step = StepRecord(step: first + place * every)
      body(&step, place, &noise)
      return step
    }
  }

  init(_ name: String, _ steps: [StepRecord]) { (self.name, self.steps) = (name, steps) }
}

/// Pseudo-random numbers, the same for a seed.
struct Noise {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// Between 0 and 1.
  mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return (Double((bits ^ (bits >> 31)) >> 11) + 0.5) * 0x1p-53
  }

  /// Of a normal distribution.
  mutating func normal() -> Double { sqrt(-2 * log(uniform())) * cos(2 * .pi * uniform()) }

  /// About 1, by a share.
  mutating func factor(_ share: Double) -> Double { exp(share * normal()) }
}
