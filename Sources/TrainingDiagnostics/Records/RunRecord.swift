public import TrainingKit

/// The steps of a run in bounded memory: the last ones all, older ones at a rate that halves as the run grows.
///
///     var record = RunRecord()
///     record.append(try run.step { … })
///     record.append(StepRecord(step: 7, loss: 2.3))      // or by hand, from any loop
///
/// Steps with evaluations or details are thinned apart from the others, so that none crowds out the other. Which batch
/// a step was taken on is kept at full rate only, and of batches of at most ``examplesPerStep`` examples.
public struct RunRecord: Sendable, Hashable, Codable {
  /// How many steps are kept at full rate, and how many older ones at most of each kind.
  public let capacity: Int
  /// How many steps were ever appended.
  public private(set) var count = 0
  /// How many examples a batch may have for its identity to be kept.
  public static var examplesPerStep: Int { 256 }

  private var recent: [StepRecord] = []
  // The place in `recent` of its oldest step, once it is full.
  private var oldest = 0
  private var older: ThinnedRecords
  private var olderEvaluations: ThinnedRecords

  /// Creates a record without steps.
  ///
  /// - Parameter capacity: how many steps are kept at full rate; at least 2.
  public init(capacity: Int = 4096) {
    self.capacity = max(capacity, 2)
    older = ThinnedRecords(capacity: self.capacity)
    olderEvaluations = older
  }

  /// The steps that are kept, in the order they came.
  public var steps: [StepRecord] {
    let entries = (older.entries + olderEvaluations.entries).sorted { $0.place < $1.place }
    return entries.map(\.record) + recent[oldest...] + recent[..<oldest]
  }

  /// Adds a step.
  public mutating func append(_ step: StepRecord) {
    defer { count += 1 }
    var step = step
    if step.batch?.examples.count ?? 0 > RunRecord.examplesPerStep { step.batch = nil }
    guard recent.count == capacity else { return recent.append(step) }
    thinOldest(place: count - capacity)
    recent[oldest] = step
    oldest = (oldest + 1) % capacity
  }

  /// Adds the outcome of a step.
  public mutating func append(_ outcome: StepOutcome) { append(StepRecord(outcome)) }

  /// Forgets the steps from a number on, of those kept at full rate: the run went back.
  public mutating func removeSteps(from step: Int) {
    let kept = (recent[oldest...] + recent[..<oldest]).filter { $0.step < step }
    count -= recent.count - kept.count
    (recent, oldest) = (kept, 0)
  }

  private mutating func thinOldest(place: Int) {
    func entry(_ record: StepRecord) -> ThinnedRecords.Entry {
      var record = record
      record.batch = nil
      return ThinnedRecords.Entry(place: place, record: record)
    }
    if recent[oldest].trainLoss == nil, recent[oldest].validationLoss == nil,
      recent[oldest].details == nil
    {
      older.append(entry(recent[oldest]))
    } else {
      olderEvaluations.append(entry(recent[oldest]))
    }
  }
}

extension RunRecord {
  /// Reads a record.
  ///
  /// - Errors: `DecodingError` when it is not what a record writes.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    capacity = try values.decode(Int.self, forKey: .capacity)
    count = try values.decode(Int.self, forKey: .count)
    recent = try values.decode([StepRecord].self, forKey: .recent)
    oldest = try values.decode(Int.self, forKey: .oldest)
    older = try values.decode(ThinnedRecords.self, forKey: .older)
    olderEvaluations = try values.decode(ThinnedRecords.self, forKey: .olderEvaluations)
    let isPlace = oldest == 0 || (recent.count == capacity && recent.indices.contains(oldest))
    guard capacity > 1, recent.count <= min(capacity, count), isPlace else {
      throw DecodingError.dataCorruptedError(
        forKey: .recent, in: values,
        debugDescription: "RunRecord: expected at most \(capacity) steps and a place among them, "
          + "got \(recent.count) and \(oldest)")
    }
  }
}
