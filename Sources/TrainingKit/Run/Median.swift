extension [Double] {
  /// The median of values in order, of which there is at least one.
  package var sortedMedian: Double {
    let middle = count / 2
    return count % 2 == 1 ? self[middle] : self[middle - 1] / 2 + self[middle] / 2
  }

  /// The median; NaN when there are no values. No generic code, which is slow where nobody specializes it.
  package static func median(of values: consuming [Double]) -> Double {
    if values.isEmpty { return .nan }
    values.sort()
    return values.sortedMedian
  }
}
