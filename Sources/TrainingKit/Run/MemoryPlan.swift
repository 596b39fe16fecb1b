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

  /// Plans the work of `body`.
  ///
  /// - Errors: whatever `body` throws.
  public init(_ body: () throws -> Void) rethrows {
    let (context, paper) = (Context.current, PaperBackend())
    timeline = try context.computing(on: paper) {
      try context.recordingMemory(of: paper.pool, body).timeline
    }
  }

  /// The most bytes that will be in use at one time.
  public var peak: Int { timeline.peak }
  /// The same by what they will be used for.
  public var peakBill: MemoryBill { timeline.bill(at: timeline.peakEvent) }
}

extension MemoryPlan: CustomStringConvertible {
  /// The peak, its bill, and the operation that makes it.
  public var description: String {
    let cause = timeline.peakHolding.map { "; the last of it \($0)" } ?? ""
    return "\(ByteCount(peak)) at the peak: \(peakBill)\(cause)"
  }
}
