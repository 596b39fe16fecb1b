/// Whether a series goes up or down, beyond its noise.
public struct Trend: Sendable, Hashable {
  /// The usual distance of a value from its neighbours, as a standard deviation.
  public let noise: Double
  /// How much higher the second half is than the first, in standard errors; below zero when it falls.
  public let significance: Double

  /// The trend of values, of which four have to be there to tell.
  public init(_ values: [Double]) {
    guard values.count >= 4 else {
      (noise, significance) = (0, 0)
      return
    }
    // The difference of neighbours has √2 times the deviation of a value; its median is 0.6745 of a deviation.
    let changes = (1..<values.count).map { abs(values[$0] - values[$0 - 1]) }
    noise = changes.median / 0.6745 / 2.0.squareRoot()
    let half = values.count / 2
    let difference = values[(values.count - half)...].median - values[..<half].median
    // A median has 1.25 times the error of a mean.
    let error = 1.25 * noise * (2 / Double(half)).squareRoot()
    significance = difference == 0 ? 0 : difference / max(error, abs(difference) * 1e-6)
  }
}
