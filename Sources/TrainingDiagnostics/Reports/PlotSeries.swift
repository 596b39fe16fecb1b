/// The values of a quantity at the steps that told it, finite or not.
struct PlotSeries: Sendable {
  struct Point: Sendable {
    let step: Int
    let value: Double
  }

  /// The name in data.
  let name: String
  /// What it is called beside others.
  let label: String
  /// Whether it is of a kind that differs from batch to batch, so that its course is in its means.
  let isNoisy: Bool
  private(set) var points: [Point]

  init(_ quantity: Quantity, of steps: [StepRecord]) {
    (name, label) = (quantity.rawValue, quantity.label)
    isNoisy = [.loss, .gradientNorm].contains(quantity)
    points = steps.compactMap { step in step[quantity].map { Point(step: step.step, value: $0) } }
  }

  /// Values at steps; NaN is what is not known.
  init(_ label: String, steps: [Int], values: [Double]) {
    (name, self.label, isNoisy) = (label, label, false)
    points = zip(steps, values).map { Point(step: $0, value: $1) }
  }

  var finiteValues: [Double] { points.map(\.value).filter(\.isFinite) }

  /// The curve in so many stretches at most, of each of which the lowest, the highest and a value that is not finite
  /// are left, so that no spike is lost.
  func thinned(stretches: Int) -> PlotSeries {
    guard points.count > 3 * stretches else { return self }
    let kept = (0..<stretches).flatMap { stretch in
      let start = points.count * stretch / stretches
      return extremes(start..<points.count * (stretch + 1) / stretches)
    }
    var thinned = self
    thinned.points = kept
    return thinned
  }

  private func extremes(_ range: Range<Int>) -> [Point] {
    var (lowest, highest, other): (Int?, Int?, Int?)
    for place in range {
      let value = points[place].value
      guard value.isFinite else {
        other = other ?? place
        continue
      }
      if value < lowest.map({ points[$0].value }) ?? .infinity { lowest = place }
      if value > highest.map({ points[$0].value }) ?? -.infinity { highest = place }
    }
    return Set([lowest, highest, other].compactMap(\.self)).sorted().map { points[$0] }
  }

  /// Runs of points whose steps rise: a run that is resumed goes back, and its curve begins anew.
  var segments: [ArraySlice<Point>] { points.map(\.step).rises.map { points[$0] } }

  /// The curve in a sentence, for those who cannot see it.
  var summary: String {
    let finite = points.filter(\.value.isFinite)
    let others = points.count - finite.count
    let lost = others == 0 ? "" : "; \(others) of \(points.count) values not finite"
    guard let first = finite.first, let last = finite.last,
      let lowest = finite.min(by: { $0.value < $1.value }),
      let highest = finite.max(by: { $0.value < $1.value })
    else { return "\(label)\(lost)" }
    return "\(label) from \(first.value.shortened) at step \(first.step) to "
      + "\(last.value.shortened) at step \(last.step), lowest \(lowest.value.shortened) at step "
      + "\(lowest.step), highest \(highest.value.shortened) at step \(highest.step)\(lost)"
  }
}

extension [Int] {
  /// The places of elements in a row of which none is below the one before it.
  var rises: [Range<Int>] {
    var rises: [Range<Int>] = []
    var start = 0
    for place in indices.dropFirst() where self[place] < self[place - 1] {
      rises.append(start..<place)
      start = place
    }
    return isEmpty ? [] : rises + [start..<count]
  }
}
