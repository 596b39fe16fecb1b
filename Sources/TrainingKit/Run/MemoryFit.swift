/// A way to take a step within a budget of memory.
public struct MemoryFit: Sendable {
  /// What has to change; empty when the step fits as it is.
  public let remedies: [MemoryRemedy]
  /// What the step then needs.
  public let plan: MemoryPlan
  /// What the step then takes, from what its gradients were seen to take and what updates of its size take.
  ///
  /// - Units: seconds.
  public internal(set) var seconds: Double
  /// The file of the optimizer's state; nil for where it lies now.
  var stateFile: StateFile?

  /// The number of parts that the batch is computed in.
  public var parts: Int {
    remedies.reduce(1) { if case .parts(let count) = $1 { count } else { $0 } }
  }
}

extension MemoryFit: CustomStringConvertible {
  /// The remedies and the peak.
  public var description: String {
    let change =
      remedies.isEmpty ? "as it is" : remedies.map(\.description).joined(separator: " and ")
    return "\(change): \(plan)"
  }
}

/// What may be changed to fit a budget.
public struct MemoryChanges: OptionSet, Sendable {
  /// The bits.
  public let rawValue: Int
  /// Creates a set from its bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The batch may be computed in parts.
  public static let parts = MemoryChanges(rawValue: 1)
  /// Modules may be recomputed.
  public static let recomputation = MemoryChanges(rawValue: 2)
  /// The forward pass may compute in bfloat16.
  public static let mixedPrecision = MemoryChanges(rawValue: 4)
  /// The optimizer may keep its state in bfloat16.
  public static let halfState = MemoryChanges(rawValue: 8)
}

extension TrainingRun {
  /// The fastest way to take a step on a batch within a budget; nil when there is none.
  ///
  ///     if let fit = try run.fit(batch, { crossEntropy($0($1.x), $1.y, reduction: .counted) }) {
  ///       run.apply(fit)
  ///       _ = try run.step(accumulating: batch.split(size: batch.count / fit.parts)) { … }
  ///     }
  ///
  /// Every way is planned: parts of the batch in powers of two, as few recomputed modules as are enough, and bfloat16
  /// and a file where those are allowed. Those that fit compute the batch's gradients in turn until one is surely the
  /// fastest; the run stays as it is. The batch stays the same, and so do the schedule and, but for bfloat16, the
  /// step.
  ///
  /// - Parameters:
  ///   - budget: bytes, with those that are in use by others.
  ///   - changes: what may be changed.
  ///   - stateFile: a file that the optimizer's state may lie in. The time for that is what its disk takes to read and
  ///     write all of it.
  ///   - patience: for how many seconds those that fit may be looked at. At 0 estimates decide, and a job that is run
  ///     again decides the same.
  ///   - loss: the loss of a part of the batch with its count.
  /// - Errors: whatever `loss` throws.
  public func fit(
    _ batch: Batch, within budget: Int = Device.current.memoryLimit,
    changing changes: MemoryChanges = [.parts, .recomputation], stateFile: StateFile? = nil,
    patience: Double = 10,
    _ loss: (Model, Batch) throws -> LossSum
  ) throws -> MemoryFit? {
    try withoutActuallyEscaping(loss) { loss in
      func pieces(_ parts: Int) -> [Batch] {
        batch.split(size: max(1, (batch.count + parts - 1) / parts))
      }
      var ways: [(run: Self, fit: MemoryFit)] = []
      for place in statePlaces(changes, stateFile) {
        let search = FitSearch(run: place.run, budget: budget) { run, parts in
          _ = try run.step(accumulating: pieces(parts), loss)
        }
        for fit in try search.ways(largestSplit: batch.count, changes) {
          var run = self
          run.apply(fit)
          ways.append((run, place.fit(fit)))
        }
        if ways.count == 1, ways[0].fit.remedies.isEmpty { break }
      }
      if patience <= 0 || Context.current.backend.isPaper {
        return ways.map(\.fit).min { $0.seconds < $1.seconds }
      }
      return try FitTiming(ways: ways, patience: patience).fastest { run, parts in
        try run.secondsForGradients(pieces(parts)) { model, part in
          let sum = try loss(model, part)
          return (sum.mean, sum.count)
        }
      }
    }
  }

  /// Makes the changes of a fit that are the run's; splitting the batch is the caller's.
  public mutating func apply(_ fit: MemoryFit) {
    for remedy in fit.remedies {
      switch remedy {
      case .parts: break
      case .recomputation(let patterns):
        recomputation = Recomputation(patterns: patterns, isVerified: recomputation.isVerified)
      case .mixedPrecision: precision = .mixed(.bfloat16)
      case .halfState: keepHalfState()
      case .stateFile: stateFile = fit.stateFile
      }
    }
  }

  /// The largest number of examples, up to a limit, with which a step fits a budget; 0 when one is too many.
  ///
  ///     let size = try run.largestBatch(upTo: 512) { run, size in
  ///       _ = try run.step { crossEntropy($0(Tensor.zeros([size, 64])), Tensor.zeros([size], dtype: .int64)) }
  ///     }
  ///
  /// - Parameter step: takes a step on a batch of a size. It runs on paper.
  /// - Errors: whatever `step` throws.
  public func largestBatch(
    upTo limit: Int, within budget: Int = Device.current.memoryLimit,
    _ step: (inout Self, _ size: Int) throws -> Void
  ) throws -> Int {
    var (fitting, failing) = (0, limit + 1)
    while failing - fitting > 1 {
      let size = (fitting + failing) / 2
      let plan = try memoryPlan { run in for _ in 0..<2 { try step(&run, size) } }
      if plan.peak <= budget { fitting = size } else { failing = size }
    }
    return fitting
  }
}
