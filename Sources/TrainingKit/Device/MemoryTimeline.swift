/// What memory was in use for from event to event, where an event is a block taken or given back.
public struct MemoryTimeline: Sendable {
  /// A block of memory and the events that its use lies between.
  public struct Span: Sendable, Hashable {
    /// The block.
    public let holding: MemoryHolding
    /// The event that began its use; 0 for what was in use before.
    public let start: Int
    /// The event that ended it; the number of events for what is in use at the end.
    public let end: Int
  }

  /// Every block, in the order in which they were taken.
  public let spans: [Span]
  /// The bytes in use after each event, from before the first.
  public let live: [Int]
  /// The first event after which the most bytes were in use.
  public let peakEvent: Int

  package init(_ recorder: MemoryRecorder, _ paths: [ObjectIdentifier: String]) {
    let end = recorder.now + 1
    spans = recorder.entries.map {
      Span(holding: $0.block.holding(paths), start: $0.start, end: $0.end ?? end)
    }
    var changes = [Int](repeating: 0, count: end + 1)
    for span in spans {
      changes[span.start] += span.holding.byteCount
      changes[span.end] -= span.holding.byteCount
    }
    var sum = 0
    let live = changes.dropLast().map { change in
      sum += change
      return sum
    }
    self.live = live
    peakEvent = live.indices.max { (live[$0], $1) < (live[$1], $0) } ?? 0
  }
}

extension MemoryTimeline {
  /// The most bytes that were in use at one time.
  public var peak: Int { live[peakEvent] }

  /// The blocks in use after an event, the largest first; those of one owner, operation and module are one.
  public func holdings(at event: Int) -> [MemoryHolding] {
    spans.filter { $0.start <= event && event < $0.end }.map(\.holding).merged()
  }

  /// The bytes in use after an event, by what they were used for.
  public func bill(at event: Int) -> MemoryBill {
    spans.reduce(into: MemoryBill()) { bill, span in
      guard span.start <= event, event < span.end else { return }
      bill[span.holding.owner] += span.holding.byteCount
    }
  }

  /// The same for many events, which are in rising order, in one pass.
  public func bills(at events: [Int]) -> [MemoryBill] {
    var changes: [(event: Int, owner: MemoryOwner, bytes: Int)] = []
    for span in spans {
      changes.append((span.start, span.holding.owner, span.holding.byteCount))
      changes.append((span.end, span.holding.owner, -span.holding.byteCount))
    }
    changes.sort { $0.event < $1.event }
    var (bill, next) = (MemoryBill(), 0)
    return events.map { event in
      while next < changes.count, changes[next].event <= event {
        bill[changes[next].owner] += changes[next].bytes
        next += 1
      }
      return bill
    }
  }

  /// The block whose request made the peak; nil when nothing was taken.
  public var peakHolding: MemoryHolding? { spans.last { $0.start == peakEvent }?.holding }
}
