/// Watches the steps of a loop for results that are kept, of which a list of losses with their tapes is the classic.
///
///     var watch = MemoryWatch()
///     for batch in loader {
///       losses.append(crossEntropy(model(batch.x), batch.y))  // keeps all activations; .item() keeps a number
///       watch.endStep()
///     }
///     for growth in watch.growth(in: model) { print(growth) }
///
/// A ``TrainingRun`` watches its own steps.
public struct MemoryWatch: Sendable {
  /// The pool's requests before the first step and at the end of each.
  private var marks: [Int]

  private static let capacity = 256
  /// Fewer may be a ring of older states.
  private static let leastSteps = 8

  /// Starts to watch.
  public init() { marks = [Device.current.memory.requests] }

  /// Ends a step.
  public mutating func endStep() {
    if marks.count > Self.capacity { marks.removeFirst(Self.capacity / 2) }
    marks.append(Device.current.memory.requests)
  }

  /// What is kept from step to step, the most first.
  ///
  /// Results count as that when those of eight steps or more are in use, some from each quarter of the steps that
  /// were watched: the last 128 to 256.
  public func growth(in model: some Module) -> [MemoryGrowth] {
    let paths = ObjectTree.paths(below: model)
    var kept: [MemoryHolding: (byteCount: Int, steps: Set<Int>)] = [:]
    for block in Device.current.backend.pool.live {
      guard let step = step(of: block) else { continue }
      let kind = block.holding(paths).of(byteCount: 0)
      kept[kind, default: (0, [])].byteCount += block.byteCount
      kept[kind]!.steps.insert(step)
    }
    return kept.filter { isGrowing($0.value.steps) }.map { kind, kept in
      MemoryGrowth(
        holding: kind.of(byteCount: kept.byteCount), keptSteps: kept.steps.count,
        watchedSteps: marks.count - 1)
    }
    .sorted { ($1.holding.byteCount, $0.description) < ($0.holding.byteCount, $1.description) }
  }

  /// The watched step that a block was taken in; nil before the first and after the last.
  private func step(of block: TaggedBlock) -> Int? {
    let end = marks.partitioningIndex { $0 >= block.request }
    return (1..<marks.count).contains(end) ? end - 1 : nil
  }

  private func isGrowing(_ steps: Set<Int>) -> Bool {
    steps.count >= Self.leastSteps && Set(steps.map { $0 * 4 / (marks.count - 1) }).count == 4
  }
}

extension TrainingRun {
  /// What is kept from step to step, the most first; empty in a loop without leaks.
  public var memoryGrowth: [MemoryGrowth] { memoryWatch.growth(in: model) }
}
