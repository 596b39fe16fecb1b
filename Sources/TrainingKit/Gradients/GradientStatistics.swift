extension Gradients {
  /// The statistics of all gradients, of each and together.
  public struct Statistics: Sendable, Hashable {
    /// Those of all gradients as one.
    public let global: TensorStatistics
    /// The paths that have a gradient, in the order of the model's parameters.
    public let paths: [String]
    /// In the order of the paths.
    private let each: [TensorStatistics]
    /// The places of the paths, where there are so many that looking through them takes longer.
    private let places: [String: Int]

    init(paths: [String], each: [TensorStatistics]) {
      self.init(paths: paths, each: each, global: TensorStatistics(joining: each))
    }

    private init(paths: [String], each: [TensorStatistics], global: TensorStatistics) {
      (self.paths, self.each, self.global) = (paths, each, global)
      places =
        paths.count <= 16
        ? [:] : Dictionary(uniqueKeysWithValues: paths.indices.map { (paths[$0], $0) })
    }

    /// Those of the gradient of a parameter; nil where there is no gradient.
    public subscript(path: String) -> TensorStatistics? {
      (places.isEmpty ? paths.firstIndex(of: path) : places[path]).map { each[$0] }
    }

    /// The first parameter whose gradient has a NaN or an infinity; nil when all are finite.
    public var firstNonFinite: String? {
      global.isFinite ? nil : each.firstIndex { !$0.isFinite }.map { paths[$0] }
    }

    /// The parameters whose gradients have a NaN or an infinity.
    public var nonFinitePaths: [String] {
      global.isFinite ? [] : paths.indices.filter { !each[$0].isFinite }.map { paths[$0] }
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
    let found = Tensor.statistics(of: scaled.map(\.gradient))
    return Statistics(
      paths: paths, each: found.indices.map { found[$0].multiplied(by: scaled[$0].factor) })
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

extension Gradients.Statistics: Codable {
  private enum CodingKeys: CodingKey { case global, paths, each }

  /// Reads statistics.
  ///
  /// - Errors: `DecodingError` when those of a path are missing.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let paths = try values.decode([String].self, forKey: .paths)
    let each = try values.decode([String: TensorStatistics].self, forKey: .each)
    let global = try values.decode(TensorStatistics.self, forKey: .global)
    self.init(
      paths: paths,
      each: try paths.map { path in
        guard let found = each[path] else {
          throw DecodingError.dataCorruptedError(
            forKey: .each, in: values, debugDescription: "expected statistics of \(path)")
        }
        return found
      }, global: global)
  }

  /// Writes the statistics by path.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(global, forKey: .global)
    try values.encode(paths, forKey: .paths)
    try values.encode(
      Dictionary(uniqueKeysWithValues: paths.indices.map { (paths[$0], each[$0]) }), forKey: .each)
  }
}
