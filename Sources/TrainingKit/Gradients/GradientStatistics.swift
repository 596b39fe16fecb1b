extension Gradients {
  /// The statistics of all gradients, of each and together.
  public struct Statistics: Sendable, Hashable, Codable {
    /// Those of all gradients as one.
    public let global: TensorStatistics
    /// The paths that have a gradient, in the order of the model's parameters.
    public let paths: [String]
    private let each: [String: TensorStatistics]

    init(paths: [String], each: [String: TensorStatistics]) {
      self.paths = paths
      self.each = each
      global = TensorStatistics(joining: paths.map { each[$0]! })
    }

    /// Those of the gradient of a parameter; nil where there is no gradient.
    public subscript(path: String) -> TensorStatistics? { each[path] }

    /// The first parameter whose gradient has a NaN or an infinity; nil when all are finite.
    public var firstNonFinite: String? {
      global.isFinite ? nil : paths.first { !each[$0]!.isFinite }
    }

    /// The parameters whose gradients have a NaN or an infinity.
    public var nonFinitePaths: [String] {
      global.isFinite ? [] : paths.filter { !each[$0]!.isFinite }
    }
  }

  /// Norms, extremes and counts of all gradients.
  ///
  ///     let found = gradients.statistics
  ///     found.global.norm
  ///     found["hidden.weight"]?.nonFiniteCount
  ///
  /// - Numerics: one pass over each gradient; the same bits for any number of threads.
  public var statistics: Statistics {
    if let knownStatistics { return knownStatistics }
    let scaled = paths.map { unscaled($0)! }
    var each: [String: TensorStatistics] = [:]
    for (position, found) in Tensor.statistics(of: scaled.map(\.gradient)).enumerated() {
      each[paths[position]] = found.multiplied(by: scaled[position].factor)
    }
    return Statistics(paths: paths, each: each)
  }

  /// The gradients together with what one pass finds in them, so that nobody needs another.
  func measured() -> (gradients: Gradients, found: Statistics) {
    var result = self
    let found = statistics
    result.knownStatistics = found
    return (result, found)
  }

  /// The root of the sum of squares of all gradients. NaN or infinite when a gradient is.
  ///
  /// - Numerics: one pass in double, which finite gradients do not overflow.
  public var globalNorm: Double { statistics.global.norm }

  /// The p-norm of all gradients as one, for a p above 0; the largest magnitude when p is infinite.
  ///
  /// - Numerics: as that of ``globalNorm``.
  /// - Errors: traps when p is 0, negative or NaN.
  public func globalNorm(p: Double) -> Double {
    guard Clipping.checkOrder(p, of: "globalNorm") else { return .nan }
    let statistics = statistics
    return joinedNorm(paths.map { norm(of: $0, p: p, statistics) }, p: p)
  }

  /// The 2-norm of the gradient of a parameter.
  public func norm(of path: String) -> Double? { self[path]?.statistics.norm }

  /// The first parameter whose gradient is not finite; nil when all are.
  public var firstNonFinite: String? { statistics.firstNonFinite }

  /// The p-norm of one gradient, from what is known of it where that is enough.
  func norm(of path: String, p: Double, _ statistics: Statistics) -> Double {
    let known = statistics[path]!
    if p == 2 || !known.isFinite { return known.norm }
    return p.isInfinite ? known.largest : self[path]!.normInDouble(p: p)
  }
}
