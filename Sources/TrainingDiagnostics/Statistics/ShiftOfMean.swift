/// The place where the mean of values rises most clearly.
///
/// - Source: Welch 1947, "The generalization of Student's problem when several different population variances are
///   involved".
struct ShiftOfMean {
  /// The first value behind the rise.
  let place: Int
  /// The mean before it and from it on.
  let before, after: Double
  /// How many standard errors the one is above the other.
  let errors: Double

  /// Looks at every place with values enough on either side; nil where the mean rises at none.
  init?(_ values: [Double], least: Int) {
    guard values.count >= 2 * least else { return nil }
    // Sums of distances from the middle lose no digits to it.
    let middle = values.reduce(0, +) / Double(values.count)
    guard middle.isFinite else { return nil }
    let whole = values.reduce(Sums()) { $0.adding($1 - middle) }
    var sums = values[..<(least - 1)].reduce(Sums()) { $0.adding($1 - middle) }
    var clearest: ShiftOfMean?
    for place in least...(values.count - least) {
      sums = sums.adding(values[place - 1] - middle)
      let (first, second) = (sums.moments, (whole - sums).moments)
      let error = (first.squaredError + second.squaredError).squareRoot()
      let rise = second.mean - first.mean
      let errors = rise / max(error, 1e-12 * abs(middle), .leastNormalMagnitude)
      if errors > clearest?.errors ?? 0 {
        clearest = ShiftOfMean(
          place: place, before: middle + first.mean, after: middle + second.mean, errors: errors)
      }
    }
    guard let clearest else { return nil }
    self = clearest
  }

  /// Compares the values before a place that is known with those from it on; nil where there are too few of either, or
  /// the mean does not rise.
  init?(_ values: [Double], at place: Int, least: Int) {
    guard place >= max(2, least), values.count - place >= max(2, least) else { return nil }
    let middle = values[0]
    let parts = [values[..<place], values[place...]].map { part in
      part.reduce(Sums()) { $0.adding($1 - middle) }.moments
    }
    let error = (parts[0].squaredError + parts[1].squaredError).squareRoot()
    let rise = parts[1].mean - parts[0].mean
    guard rise > 0 else { return nil }
    self.init(
      place: place, before: middle + parts[0].mean, after: middle + parts[1].mean,
      errors: rise / max(error, 1e-12 * abs(middle), .leastNormalMagnitude))
  }

  private init(place: Int, before: Double, after: Double, errors: Double) {
    (self.place, self.before, self.after, self.errors) = (place, before, after, errors)
  }

  private struct Sums {
    var count = 0.0
    var sum = 0.0
    var squares = 0.0

    func adding(_ value: Double) -> Sums {
      Sums(count: count + 1, sum: sum + value, squares: squares + value * value)
    }

    static func - (whole: Sums, part: Sums) -> Sums {
      Sums(
        count: whole.count - part.count, sum: whole.sum - part.sum,
        squares: whole.squares - part.squares)
    }

    var moments: (mean: Double, squaredError: Double) {
      let mean = sum / count
      return (mean, max(0, squares / count - mean * mean) / (count - 1))
    }
  }
}
