/// What a step did to the scale.
public struct ScaleUpdate: Sendable, Hashable {
  /// The scale of this step.
  public let scaleBefore: Double
  /// The scale of the next.
  public let scaleAfter: Double
  /// The parameters whose gradients were not finite; their optimizers skip the step.
  public let nonFinite: [String]
  /// Skipped steps in a row, with this one.
  public let skips: Int

  /// Whether an optimizer had to skip the step.
  public var isSkipped: Bool { !nonFinite.isEmpty }
}

/// Why a scale cannot help any more.
public enum LossScaleError: Error, Sendable, Hashable {
  /// So many steps in a row were skipped at the least scale; the parameters' gradients were not finite in the last.
  case exhausted(scale: Double, skips: Int, nonFinite: [String])
}

extension LossScaleError: CustomStringConvertible {
  /// What happened, with the figures.
  public var description: String {
    switch self {
    case .exhausted(let scale, let skips, let nonFinite):
      "GradScaler: expected finite gradients, got none in \(skips) steps at the least scale, \(scale): "
        + nonFinite.joined(separator: ", ")
        + "; the loss itself overflows, or the weights are lost"
    }
  }
}

extension GradScaler {
  /// Moves the scale after a step. Call it once for the results of all optimizers.
  ///
  /// - Errors: `LossScaleError` at the last of `patience` skipped steps at the floor; the scaler goes on all the same.
  @discardableResult
  public mutating func update(
    after results: UnscaledGradients...
  ) throws(LossScaleError) -> ScaleUpdate {
    try update(nonFinite: results.flatMap(\.nonFinite))
  }

  /// Moves the scale after a step, told whose gradients were not finite: an empty list when all were. Replicas that
  /// train together have to agree on that first.
  ///
  /// - Errors: `LossScaleError` at the last of `patience` skipped steps at the floor; the scaler goes on all the same.
  @discardableResult
  public mutating func update(nonFinite: [String]) throws(LossScaleError) -> ScaleUpdate {
    let before = scale
    if nonFinite.isEmpty { advance() } else { retreat() }
    if before == floor, skips >= patience, skips % patience == 0 {
      throw .exhausted(scale: scale, skips: skips, nonFinite: nonFinite)
    }
    return ScaleUpdate(
      scaleBefore: before, scaleAfter: scale, nonFinite: nonFinite, skips: skips)
  }

  private mutating func advance() {
    (skips, growthTracker) = (0, growthTracker + 1)
    guard growthTracker == growthInterval else { return }
    (growthTracker, tolerance) = (0, hysteresis)
    // Rounded, so that what gradients are divided by is what the loss was multiplied by.
    let grown = Double(Float(scale * growthFactor))
    if grown <= cap { scale = grown }
  }

  private mutating func retreat() {
    (skips, growthTracker, tolerance) = (skips + 1, 0, max(0, tolerance - 1))
    if tolerance == 0 { scale = max(floor, Double(Float(scale * backoffFactor))) }
  }
}
