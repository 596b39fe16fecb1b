#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

extension Schedule {
  /// How a learning rate goes from one value to another.
  public enum Curve: String, Sendable, Hashable, Codable, CaseIterable {
    /// In equal steps.
    case linear
    /// Along half a cosine: slowly at both ends.
    case cosine
    /// With the square root of the way: fast at first. The fall of 1 − √x.
    case squareRoot
    /// With the logarithm of the steps: fast at first, as DeepSpeed warms up.
    case logarithmic
  }
}

extension Schedule.Curve {
  /// Where the way from `start` to `end` stands after so many of its steps; exact at both ends.
  func between(_ start: Double, _ end: Double, after done: Double, of steps: Double) -> Double {
    let (kept, reached) = shares(after: done, of: steps)
    return start * kept + end * reached
  }

  /// What is left and what is done of the way, both without cancellation.
  private func shares(after done: Double, of steps: Double) -> (kept: Double, reached: Double) {
    let share = done / steps
    switch self {
    case .linear: return (1 - share, share)
    case .cosine:
      let height = cos(.pi * share)
      return ((1 + height) / 2, (1 - height) / 2)
    case .squareRoot: return (1 - share.squareRoot(), share.squareRoot())
    case .logarithmic:
      let reached = log1p(done) / log1p(steps)
      return (1 - reached, reached)
    }
  }
}
