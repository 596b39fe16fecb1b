/// Memory that is never given back.
///
/// - Finds: what one owner holds growing in every one of six examinations in a row, over at least 300 steps, by a
///   quarter of all that was in use, and evenly: as much a step in the later half as in the earlier. Activations, which
///   no step leaves behind, need no 300 steps. States and batches that are kept for replays come to an end.
public struct MemoryGrowth: Analyzer {
  /// `memory-growth`
  public static let name = "memory-growth"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var growths: [String: [(step: Int, bytes: Int, live: Int)]] = [:]

  /// Creates the analyzer.
  public init() {}

  /// Compares what every owner holds with what it held.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let memory = step.details?.memory else { return nil }
    let owners = memory.byOwner.isEmpty ? ["": memory.live] : memory.byOwner
    for owner in growths.keys where owners[owner] == nil { growths[owner] = nil }
    var worst: (owner: String, growth: Growth)?
    for (owner, bytes) in owners {
      var seen = growths[owner] ?? []
      if let last = seen.last, bytes <= last.bytes || step.step <= last.step { seen = [] }
      // Of a long growth every other look is enough.
      if seen.count == 32 { seen = seen.enumerated().filter { $0.offset % 2 == 0 }.map(\.element) }
      seen.append((step.step, bytes, memory.live))
      growths[owner] = seen
      guard let growth = Growth(seen, isTransient: Self.transient.contains(owner)) else { continue }
      if growth.bytes > worst?.growth.bytes ?? 0 { worst = (owner, growth) }
    }
    return worst.map { finding(step, memory, $0.owner, $0.growth) }
  }

  /// What a step leaves nothing of.
  private static let transient: Set = ["activations", "workspace", "casts"]

  private func finding(
    _ step: StepRecord, _ memory: MemoryDetails, _ owner: String, _ growth: Growth
  ) -> Finding {
    let isGraph = owner == "activations"
    return Finding(
      .memoryGrowth, cause: isGraph ? .keptGraph : .keptTensors, severity: .warning,
      step: step.step, began: growth.first, confidence: 0.85,
      evidence: [
        "bytes_per_step": growth.bytes / growth.steps, "growth": growth.bytes,
        "live": Double(memory.live), "steps": growth.steps,
      ],
      remedy: isGraph
        ? "keep numbers of losses and outputs, by item() or detached(): a loss that is kept holds all its activations"
        : "look for a list of tensors that grows with every step",
      place: owner.isEmpty ? nil : owner)
  }
}

/// A growth without a pause.
private struct Growth {
  let bytes, steps: Double
  let first: Int

  /// The growth of what was seen, where it is long, large and even enough.
  init?(_ seen: [(step: Int, bytes: Int, live: Int)], isTransient: Bool) {
    guard seen.count >= 6, let first = seen.first, let last = seen.last else { return nil }
    let middle = seen[seen.count / 2]
    func distance(_ a: Int, _ b: Int) -> Double { Double(b) - Double(a) }
    self.first = first.step
    (bytes, steps) = (distance(first.bytes, last.bytes), distance(first.step, last.step))
    let early = distance(first.bytes, middle.bytes) / distance(first.step, middle.step)
    let late = distance(middle.bytes, last.bytes) / distance(middle.step, last.step)
    guard steps >= (isTransient ? 16 : 300), bytes > 0.25 * Double(first.live), late > 0.5 * early
    else { return nil }
  }
}
