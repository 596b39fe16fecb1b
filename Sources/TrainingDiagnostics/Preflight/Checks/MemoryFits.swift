internal import TrainingKit

/// Whether the first steps fit into memory.
///
/// - Finds: a plan whose peak is above the device's limit, with the number of parts that would fit.
public struct MemoryFits: PreflightCheck {
  /// `memory`
  public static let name = "memory"
  /// What it finds of a healthy run.
  public static let statement = "the first steps fit into memory"

  /// Creates the check.
  public init() {}

  /// Plans two steps, as the optimizer's state comes with the first.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let limit = Device.current.memoryLimit
    let plan: MemoryPlan
    do {
      plan = try subject.memoryPlan()
    } catch is TensorError {
      // What cannot be computed is the affair of another check.
      return []
    }
    guard plan.peak > limit else { return [] }
    let count = subject.batches[0].count
    var parts = 2
    while parts <= count, try subject.memoryPlan(parts: parts).peak > limit { parts *= 2 }
    let remedy =
      parts <= count
      ? "accumulate gradients over \(parts) parts of the batch, which fits"
      : "recompute modules, compute in bfloat16, or keep the optimizer's state in a file; parts of the batch alone "
        + "do not fit"
    return [
      subject.finding(
        .outOfMemory, .memoryPlan, .fault, 0.99,
        [
          "peak_megabytes": Double(plan.peak) / 1e6, "limit_megabytes": Double(limit) / 1e6,
          "parts": parts <= count ? Double(parts) : nil,
        ], remedy: remedy, place: plan.timeline.peakHolding?.path)
    ]
  }
}
