internal import TrainingKit

/// What losses became while the learning rate rose.
public struct LearningRateRange: Sendable {
  /// The rates, one a step.
  public let rates: [Double]
  /// The smoothed losses before each step.
  public let losses: [Double]
  /// The rate at which the loss left its bounds; nil when none of them was too large.
  public let divergence: Double?
  /// A rate to start with; nil when no rate lowered the loss.
  public let suggestion: Double?
  /// Why that one.
  public let reason: String

  /// What is to be said of a rate that a run is to have: nil unless the loss left its bounds at it or below.
  public func finding(at rate: Double) -> Finding? {
    guard let divergence, rate >= divergence else { return nil }
    return Finding(
      .unusualSetting, cause: .learningRateTooHigh, severity: .warning, step: 0, confidence: 0.9,
      evidence: ["learning_rate": rate, "rises_at": divergence, "suggestion": suggestion],
      remedy: "lower the learning rate"
        + (suggestion.map { ", to \($0.shortened) at first" } ?? ""),
      sources: ["Smith 2017, arXiv:1506.01186"])
  }
}

extension Preflight {
  /// Takes steps at rates that rise exponentially, over all batches in turn, and takes the run back to where it was.
  ///
  /// - Parameters:
  ///   - rates: from the first to the last rate.
  ///   - steps: how many.
  /// - Errors: whatever the loss throws. Traps unless the rates are above 0.
  /// - Source: Smith 2017, arXiv:1506.01186.
  public func learningRateRange(
    _ rates: ClosedRange<Double> = 1e-6...10, steps: Int = 100
  ) throws -> LearningRateRange {
    precondition(
      rates.lowerBound > 0 && steps > 1,
      "learningRateRange: expected rates above 0 and steps above 1")
    let growth = logarithm(rates.upperBound / rates.lowerBound) / Double(steps - 1)
    let tried = (Tensor.range(0, steps, dtype: .float64) * growth).exp() * rates.lowerBound
    let sweep = try run.undone { run in
      var sweep = Sweep()
      for (place, rate) in tried.elements(Double.self).enumerated() {
        run.schedule = .constant(rate)
        let outcome = try run.step { try loss($0, batches[place % batches.count]) }
        if !sweep.takes(outcome.report.loss, at: rate) { break }
      }
      return sweep
    }
    return sweep.result
  }
}

/// Losses over rising rates.
private struct Sweep {
  private var rates: [Double] = []
  private var losses: [Double] = []
  private var average = 0.0
  private var weight = 0.0
  private var divergence: Double?
  private static var decay: Double { 0.8 }

  /// Adds a step; false when the loss has left its bounds.
  mutating func takes(_ loss: Double, at rate: Double) -> Bool {
    average = Self.decay * average + (1 - Self.decay) * loss
    weight = Self.decay * weight + 1 - Self.decay
    let smooth = average / weight
    let (least, first) = (losses.min() ?? loss, losses.first ?? loss)
    // Above its start by as much as it had fallen, and a half more: losses may be below zero.
    guard loss.isFinite, smooth <= first + 0.5 * abs(first) + (first - least) else {
      divergence = rate
      return false
    }
    rates.append(rate)
    losses.append(smooth)
    return true
  }

  var result: LearningRateRange {
    let (suggestion, reason) = choice
    return LearningRateRange(
      rates: rates, losses: losses, divergence: divergence, suggestion: suggestion, reason: reason)
  }

  private var choice: (Double?, String) {
    guard let least = losses.indices.min(by: { losses[$0] < losses[$1] }), let first = losses.first,
      losses[least] < first - 0.05 * abs(first)
    else { return (nil, "no rate lowered the loss by a twentieth") }
    // The average lags behind: where the loss is least, the rate is too large already.
    let steepest = rates[losses.indices.dropFirst().min { slope(at: $0) < slope(at: $1) } ?? least]
    let bound = min(rates[least], divergence ?? .infinity) / 10
    let end = divergence.map { "; it rose at \($0.shortened)" } ?? ""
    return steepest < bound
      ? (steepest, "where the loss fell fastest" + end)
      : (bound, "a tenth of where the loss was least" + end)
  }

  private func slope(at place: Int) -> Double { losses[place] - losses[place - 1] }
}
