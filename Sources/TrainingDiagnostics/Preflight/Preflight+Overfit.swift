internal import TrainingKit

/// What became of the attempt to learn one batch by heart.
public struct OverfitTrial: Sendable {
  /// The loss before each step, and after the last.
  public let losses: [Double]
  /// What the losses show; nil when the batch was learned.
  public let finding: Finding?
}

extension Preflight {
  /// Trains on the first batch alone, and takes the run back to where it was.
  ///
  /// A model that cannot learn a handful of examples has a mistake in its code, its loss or its rate. It takes as long
  /// as the steps take.
  ///
  /// - Parameters:
  ///   - steps: how many steps at most.
  ///   - share: the part of the first loss that is small enough.
  /// - Errors: whatever the loss throws.
  public func overfit(steps: Int = 200, toShare share: Double = 0.2) throws -> OverfitTrial {
    let losses = try run.undone { run in
      run.schedule = .constant(highestRate)
      var losses: [Double] = []
      while losses.count <= steps {
        let outcome = try run.step { try loss($0, batches[0]) }
        losses.append(outcome.report.loss)
        guard outcome.report.loss.isFinite, let first = losses.first else { break }
        if outcome.report.loss <= first - (1 - share) * abs(first) { break }
      }
      return losses
    }
    return OverfitTrial(losses: losses, finding: finding(of: losses, share))
  }

  private func finding(of losses: [Double], _ share: Double) -> Finding? {
    guard let first = losses.first, let last = losses.last else { return nil }
    // By a share of its size: losses may be below zero.
    if last <= first - (1 - share) * abs(first) { return nil }
    let known = losses.filter(\.isFinite)
    let (least, most) = (known.min() ?? first, known.max() ?? first)
    // Dropout makes single losses noisy.
    let level = losses.suffix(5).reduce(0, +) / Double(losses.suffix(5).count)
    let isLost = level > least + 0.3 * (first - least) && most > first + 0.2 * abs(first)
    // It may fall slowly, but from where the first steps threw it.
    let isThrown = most > first + abs(first)
    let isUnstable = !last.isFinite || isLost || isThrown
    let isStuck = least > 0.98 * first
    let cause: Cause =
      isUnstable ? .learningRateTooHigh : isStuck ? .undetermined : .learningRateTooLow
    return Finding(
      .cannotOverfit, cause: cause, severity: isUnstable || isStuck ? .fault : .warning,
      step: run.steps, confidence: isStuck || isUnstable ? 0.9 : 0.6,
      evidence: [
        "first_loss": first, "last_loss": last, "least_loss": least, "most_loss": most,
        "steps": Double(losses.count - 1),
        "learning_rate": highestRate,
      ],
      remedy: isUnstable
        ? "lower the learning rate: the loss rises on the batch that it learns"
        : isStuck
          ? "look for gradients that do not arrive, labels that do not belong to their inputs, or a rate of nearly zero"
          : "raise the learning rate or take more steps: the loss falls, but slowly",
      nextTest: isStuck
        ? "measure the learning-rate range: if no rate lowers the loss, it is the code" : nil,
      sources: ["Karpathy, A Recipe for Training Neural Networks, 2019"])
  }
}
