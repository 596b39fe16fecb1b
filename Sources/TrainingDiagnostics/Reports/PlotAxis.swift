/// An axis: which share of its length a value lies at, and which values are written on it.
struct PlotAxis {
  private let low, high: Double
  private let isLogarithmic: Bool

  /// An axis that shows finite values, with a little room around them.
  init(showing values: some Collection<Double>, isLogarithmic: Bool, room: Double) {
    self.isLogarithmic = isLogarithmic
    let ends = [values.min() ?? 0, values.max() ?? 1].map {
      isLogarithmic ? $0.decimalLogarithm : $0.drawable
    }
    let span = ends[1] - ends[0]
    let least = isLogarithmic ? 0.3 : ends[0].magnitude < 1e-300 ? 1 : ends[0].magnitude * 0.1
    let margin = span > 0 ? span * room : least
    (low, high) = (ends[0] - margin, ends[1] + margin)
  }

  /// The share, 0 at the lower end and 1 at the upper; values beyond them lie at the ends.
  func share(of value: Double) -> Double {
    let place =
      isLogarithmic ? (value > 0 ? value.decimalLogarithm : -.infinity) : value.drawable
    return min(max((place - low) / (high - low), 0), 1)
  }

  /// Round values, about as many as asked for.
  func ticks(about count: Int) -> [Double] {
    isLogarithmic ? decades(about: count) : even(about: count)
  }

  /// A tick in as few characters as it takes.
  static func label(of tick: Double) -> String {
    guard tick.magnitude >= 1e5 || (tick != 0 && tick.magnitude < 1e-3) else {
      return tick.shortened
    }
    let power = Int((tick.magnitude.decimalLogarithm + 1e-9).rounded(.down))
    return "\((tick / .powerOfTen(power)).shortened)e\(power)"
  }

  private func even(about count: Int) -> [Double] {
    let rough = (high - low) / Double(count)
    let unit = Double.powerOfTen(Int(rough.decimalLogarithm.rounded(.down)))
    let step = unit * ([1, 2, 5].first { $0 * unit >= rough } ?? 10)
    let (first, last) = ((low / step).rounded(.up), (high / step).rounded(.down))
    guard last - first < 100 else { return [] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  private func decades(about count: Int) -> [Double] {
    let (first, last) = (Int(low.rounded(.down)), Int(high.rounded(.up)))
    // Within two decades, parts of them are written as well.
    let parts: [Double] = high - low < 2 ? [1, 2, 5] : [1]
    let step = max(1, (last - first) / count)
    return stride(from: first, through: last, by: step).flatMap { decade in
      parts.map { $0 * .powerOfTen(decade) }
    }.filter { (low...high).contains($0.decimalLogarithm) }
  }
}

extension Double {
  /// The number, or the nearest one whose distance to any other is finite.
  fileprivate var drawable: Double { Swift.min(Swift.max(self, -1e300), 1e300) }

  /// Ten to a power.
  static func powerOfTen(_ power: Int) -> Double { Double("1e\(power)") ?? .infinity }

  /// The logarithm to the base of ten of a number above zero; of smaller ones that of the least.
  ///
  /// - Numerics: the module imports no C library; the series leaves an error below 1e-14.
  var decimalLogarithm: Double {
    let value = Swift.max(self, .leastNonzeroMagnitude)
    let ratio = (value.significand - 1) / (value.significand + 1)
    var (power, sum) = (ratio, 0.0)
    for odd in stride(from: 1.0, to: 33, by: 2) {
      sum += power / odd
      power *= ratio * ratio
    }
    return (Double(value.exponent) * 0.693_147_180_559_945_3 + 2 * sum) / 2.302_585_092_994_046
  }
}
