/// What is kept from step to step, so that memory fills up.
public struct MemoryGrowth: Sendable, Hashable {
  /// What is kept, with the bytes of all steps that were watched.
  public let holding: MemoryHolding
  /// Of the steps that were watched, those whose results are still in use.
  public let keptSteps: Int
  /// The steps that were watched.
  public let watchedSteps: Int

  /// The bytes by which memory grows a step.
  public var bytesPerStep: Int { holding.byteCount / watchedSteps }
}

extension MemoryGrowth: CustomStringConvertible {
  /// `activations 33.6 MB of softmax in blocks.0.attention, kept from 60 of 60 steps`.
  public var description: String {
    "\(holding), kept from \(keptSteps) of \(watchedSteps) steps"
  }
}
