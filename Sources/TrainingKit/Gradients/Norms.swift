#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The p-norm of numbers that are not negative, without overflow; NaN when one is.
func joinedNorm(_ values: [Double], p: Double) -> Double {
  guard !values.contains(where: \.isNaN) else { return .nan }
  let top = values.max() ?? 0
  guard top > 0, top.isFinite, p.isFinite else { return top }
  return finite(root(values.reduce(0) { $0 + raised($1 / top, to: p) }, p) * top)
}

private func raised(_ base: Double, to p: Double) -> Double {
  p == 1 ? base : p == 2 ? base * base : pow(base, p)
}

private func root(_ sum: Double, _ p: Double) -> Double {
  p == 1 ? sum : p == 2 ? sum.squareRoot() : pow(sum, 1 / p)
}

/// A norm of finite numbers that no double holds is given as the largest that there is.
private func finite(_ norm: Double) -> Double { min(norm, .greatestFiniteMagnitude) }

extension Tensor {
  /// The statistics of each of `parts` equal runs of the elements in row-major order, from one pass.
  func statistics(ofParts parts: Int) -> [TensorStatistics] {
    let found = measured(parts: parts, p: 2)
    return zip(found, norms(found, p: 2)).map { found, norm in
      TensorStatistics(
        norm: norm, largest: found.largest, nonFiniteCount: found.nonFiniteCount,
        zeroCount: found.zeroCount, count: count / parts)
    }
  }

  /// The statistics of each of some tensors, from one pass over each.
  static func statistics(of tensors: [Tensor]) -> [TensorStatistics] {
    if tensors.allSatisfy(\.isMeasuredAsItIs) {
      let found = measurements(of: tensors)
      return tensors.indices.map { tensors[$0].statistics(from: found[$0]) }
    }
    let dense = tensors.map { x in
      (x.dtype.isFloatingPoint ? x.detached() : x.detached().cast(to: .float64)).contiguous()
    }
    let isThere = dense.map { $0.count > 0 && !$0.isHollow }
    let measured = measurements(of: zip(dense, isThere).filter(\.1).map(\.0))
    var next = 0
    return zip(dense, isThere).map { x, isThere in
      guard isThere else { return x.statistics(from: ElementStatistics()) }
      next += 1
      return x.statistics(from: measured[next - 1])
    }
  }

  /// Whether its elements are there, real and without gaps.
  private var isMeasuredAsItIs: Bool {
    dtype.isFloatingPoint && form.isContiguous && form.count > 0 && !isHollow
  }

  private func statistics(from found: ElementStatistics) -> TensorStatistics {
    TensorStatistics(
      norm: norm(found, p: 2), largest: found.largest, nonFiniteCount: found.nonFiniteCount,
      zeroCount: found.zeroCount, count: count)
  }

  /// The p-norm of all elements, for a finite p.
  func normInDouble(p: Double) -> Double { norms(measured(parts: 1, p: p), p: p)[0] }

  private func measured(parts: Int, p: Double, scale: Double = 1) -> [ElementStatistics] {
    let x = detached().contiguous()
    guard count > 0, !x.isHollow else { return Array(repeating: ElementStatistics(), count: parts) }
    return x.measurement(parts: parts, power: p, scale: scale)
  }

  /// The norms that sums of powers stand for. Where a sum has overflowed or all but vanished, one more pass divides
  /// elements by the largest.
  private func norms(_ found: [ElementStatistics], p: Double) -> [Double] {
    found.indices.map { norm(found[$0], part: $0, of: found.count, p: p) }
  }

  private func norm(
    _ found: ElementStatistics, part: Int = 0, of parts: Int = 1, p: Double
  ) -> Double {
    let (sum, largest) = (found.powerSum, found.largest)
    let isSafe = sum > 1e-250 && sum.isFinite
    if isSafe || found.nonFiniteCount > 0 || largest == 0 { return root(sum, p) }
    let scale = Swift.min(1 / largest, 0x1p1023)
    let again = run(part, of: parts).measured(parts: 1, p: p, scale: scale)[0]
    return finite(root(again.powerSum, p) / scale)
  }

  /// One of equal runs of the elements in row-major order.
  private func run(_ part: Int, of parts: Int) -> Tensor {
    let length = count / parts
    return detached().reshaped([count])[(part * length)..<((part + 1) * length)]
  }
}
