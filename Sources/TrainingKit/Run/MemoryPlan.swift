/// What a piece of work will need of memory, found without doing it.
///
///     let plan = try MemoryPlan {
///       var run = TrainingRun(model: GPT(configuration), optimizer: AdamW(), schedule: .constant(1e-3))
///       for _ in 0..<2 { _ = try run.step { causalLanguageModelLoss($0(tokens), tokens) } }
///     }
///     print(plan)
///
/// The work runs on paper: every tensor that it makes is accounted for as it would be, and holds zeros that take no
/// memory. Its peak is that of the real work to the byte, as long as sizes do not depend on numbers that were computed.
public struct MemoryPlan: Sendable {
  /// What memory will be in use for.
  public let timeline: MemoryTimeline
  /// The bytes that are in use already, and for something else.
  public let base: Int
  /// The most bytes that will lie in files at one time, in place of memory. See ``StateFile``.
  public let filePeak: Int
  /// What the work's kernels will do.
  package let work: PaperWork

  /// Plans the work of `body`.
  ///
  /// - Errors: whatever `body` throws.
  public init(_ body: () throws -> Void) rethrows {
    try self.init(base: 0) { _ in try body() }
  }

  /// Plans the work of `body`, which gets the device that it will run on.
  package init(base: Int, _ body: (PaperBackend) throws -> Void) rethrows {
    let (context, paper) = (Context.current, PaperBackend(for: Context.current.backend))
    self.base = base
    timeline = try context.computing(on: paper) {
      try context.recordingMemory(of: paper.pool) { try body(paper) }.timeline
    }
    (work, filePeak) = (paper.work, paper.filePool.usage.peak)
  }

  /// The most bytes that will be in use at one time, with those that are in use already.
  public var peak: Int { base + timeline.peak }
  /// What the work adds to those in use, by what it will be used for at the peak.
  public var peakBill: MemoryBill { timeline.bill(at: timeline.peakEvent) }
}

extension MemoryPlan: CustomStringConvertible {
  /// The peak, its bill, what lies in files, and the operation that makes it.
  public var description: String {
    let file = filePeak > 0 ? ", in files \(ByteCount(filePeak))" : ""
    let others = base > 0 ? ", others \(ByteCount(base))" : ""
    let cause = timeline.peakHolding.map { "; the last of it \($0)" } ?? ""
    return "\(ByteCount(peak)) at the peak: \(peakBill)\(others)\(file)\(cause)"
  }
}
