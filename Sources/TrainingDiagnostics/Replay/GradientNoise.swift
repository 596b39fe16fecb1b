internal import TrainingKit

/// How far the gradients of batches are from each other, at the same weights.
///
/// - Source: McCandlish et al. 2018, "An Empirical Model of Large-Batch Training", arXiv:1812.06162.
struct GradientNoise {
  /// The simple noise scale, tr Σ / |G|²: so many batches in one have as much noise as gradient. Where no common
  /// gradient is seen, the least that it may be.
  ///
  /// - Units: batches.
  let scale: Double
  /// The median cosine between the gradients of the halves of a batch; nil where batches have none.
  let cosineOfHalves: Double?

  /// Measures noise by batches, each whole or in halves of about the same size; nil of fewer than four gradients.
  ///
  /// - Parameters:
  ///   - squares: the squared norms of the gradients of each batch's pieces.
  ///   - sums: the squared norm of their sum for each batch.
  ///   - total: the squared norm of the sum over all.
  fileprivate init?(squares: [[Double]], sums: [Double], total: Double) {
    let (all, pieces) = (squares.joined(), Double(squares.first?.count ?? 0))
    let count = Double(all.count)
    guard count >= 4 else { return nil }
    let mean = total / (count * count)
    let variance = (all.reduce(0, +) / count - mean) * count / (count - 1)
    let signal = mean - variance / count
    guard variance.isFinite, variance >= 0, mean > 0 else { return nil }
    scale = variance / (pieces * (signal > 0 ? signal : mean))
    let cosines = zip(squares, sums).compactMap { squares, sum -> Double? in
      guard squares.count == 2, squares[0] > 0, squares[1] > 0 else { return nil }
      return (sum - squares[0] - squares[1]) / (2 * (squares[0] * squares[1]).squareRoot())
    }
    cosineOfHalves = cosines.isEmpty ? nil : cosines.median
  }

  /// What it shows.
  var evidence: Evidence { ["noise_scale": scale, "cosine_of_halves": cosineOfHalves] }

  /// What would make up for it.
  ///
  /// - Parameter size: how many examples a batch has; 0 where nobody knows.
  func remedy(size: Int) -> String {
    let others = "average the weights, or let the learning rate decay"
    // Batches of about the noise scale gain little by being larger.
    guard scale > 1.5 else { return "take larger batches, \(others)" }
    let factor = min(scale, 64)
    let batches =
      size > 0
      ? "take batches of about \(Int((Double(size) * factor).powerOfTwo)) examples where they have \(size)"
      : "take batches about \(Int(factor.powerOfTwo)) times as large"
    return "\(batches), \(others)"
  }
}

extension Double {
  /// The nearest power of two, of a number of 1 or more.
  fileprivate var powerOfTwo: Double {
    let low = Double(sign: .plus, exponent: Int(exponent), significand: 1)
    return self / low > 2.0.squareRoot() ? 2 * low : low
  }
}

extension Replay {
  /// Compares the gradients of the last items behind a moment, at its weights.
  func gradientNoise(from place: RunMoments<Item>.Place, count: Int) throws -> GradientNoise? {
    let items = moments.items(since: place).suffix(count)
    let halves = items.map(examples.halves)
    let pieces = halves.contains { $0.count != 2 } ? items.map { [$0] } : halves
    return try run.undone { run in
      try run.restore(moments[place].snapshot)
      var total: Gradients?
      var (squares, sums): ([[Double]], [Double]) = ([], [])
      for pieces in pieces {
        let found = try pieces.compactMap { try gradients(of: run, $0) }
        guard found.count == pieces.count, let first = found.first else { continue }
        let sum = found.dropFirst().reduce(first, +)
        squares.append(found.map(\.square))
        sums.append(sum.square)
        total = total.map { $0 + sum } ?? sum
      }
      return total.flatMap { GradientNoise(squares: squares, sums: sums, total: $0.square) }
    }
  }

  /// The gradients that a step on an item would begin with, in float32.
  func gradients(of run: TrainingRun<Model>, _ item: Item) throws -> Gradients? {
    try withRandomGenerator(run.generator ?? .current) {
      try validated { try loss.gradients(run.model, item) }
    }
  }
}

extension Gradients {
  fileprivate var square: Double { globalNorm * globalNorm }
}
