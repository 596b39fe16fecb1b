internal import TrainingKit

/// How far apart the scores of an attention are in the first example of a batch, over all heads.
struct AttentionScale {
  /// The largest magnitude of a scaled product of a query and a key that it sees.
  private(set) var largest = 0.0
  /// The mean entropy of the weights over that of equal ones; nil where no query sees two keys.
  var entropy: Double? { rows == 0 ? nil : sum / Double(rows) }
  private var sum = 0.0
  private var rows = 0

  /// What so many weights at once are looked at takes little memory.
  private static let room = 1 << 20

  /// Looks at all queries, a few at a time; nil of inputs without batch and heads.
  init?(_ attention: AttentionInputs) {
    guard attention.query.rank == 4, attention.key.rank == 4 else { return nil }
    let query = attention.query.detached()[0].cast(to: .float32) * attention.scale
    let key = attention.key.detached()[0].cast(to: .float32).transposed()
    let (targets, sources) = (query.shape[-2], key.shape[-1])
    let heads = max(query.shape[0], key.shape[0])
    let mask = attention.maskOfFirst(targets, sources)
    let height = max(1, Self.room / max(1, heads * sources))
    for start in stride(from: 0, to: targets, by: height) {
      let end = min(start + height, targets)
      let order = attention.isCausal ? causalMask(start..<end, sources) : nil
      look(
        at: query[.all, start..<end].matmul(key), order,
        mask.map { $0.shape[-2] == 1 ? $0 : $0[.all, start..<end] })
    }
  }

  /// Adds the scores of some queries, of which a mask and the order hide some.
  private mutating func look(at scores: Tensor, _ order: Tensor?, _ mask: Tensor?) {
    var biased = scores
    var isSeen = order ?? Tensor(repeating: 1, shape: [1, scores.shape[-1]], dtype: .bool)
    if let mask {
      let isNumeric = mask.dtype != .bool
      isSeen = isSeen .& (isNumeric ? mask .> Self.hidden : mask)
      if isNumeric { biased = scores + mask.cast(to: .float32) }
    }
    let nothing = Tensor(repeating: Self.nothing, shape: .scalar, dtype: .float32)
    let logarithms = which(isSeen, biased, nothing).logSoftmax()
    let entropies = -(logarithms.exp() * logarithms).sum(axis: -1)
    let counts = isSeen.cast(to: .float32).sum(axis: -1).broadcast(to: entropies.shape)
    // A query that sees one key, or none, has no choice, and a share that is not finite.
    let shares = (entropies / counts.clamped(min: 1).log()).elements(Double.self).filter(\.isFinite)
    sum += shares.reduce(0, +)
    rows += shares.count
    let seen = which(isSeen, scores, Tensor.zeros([])).statistics
    largest = max(largest, seen.largest)
  }

  /// What masks of numbers write where a key is hidden is this or less.
  private static let hidden = -5e3
  /// A score that gets no weight, and is a number still.
  private static let nothing = -1e30
}

extension AttentionInputs {
  /// The mask of the first example, `[heads or 1, targets or 1, sources]`.
  fileprivate func maskOfFirst(_ targets: Int, _ sources: Int) -> Tensor? {
    guard let mask = mask?.detached() else { return nil }
    let own = mask.rank == 4 ? mask[0] : mask
    let grid = own.rank == 3 ? own : own.reshaped([1] + Array(own.shape))
    return grid.shape[-1] == sources
      ? grid : grid.broadcast(to: [grid.shape[0], grid.shape[1], sources])
  }
}

/// Whether some targets see each source: those up to themselves.
private func causalMask(_ targets: Range<Int>, _ sources: Int) -> Tensor {
  Tensor.range(0, sources)
    .<= Tensor.range(targets.lowerBound, targets.upperBound).reshaped([targets.count, 1])
}
