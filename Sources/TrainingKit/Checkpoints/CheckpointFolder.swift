/// A folder with the checkpoints of one run, `step-00001200.safetensors` and so on: the last few, and the best.
///
///     let folder = CheckpointFolder("runs/digits", keepLast: 3, keepBest: .lowest)
///     let found = try folder.latest()
///     for error in found.refused { print(error) }
///     if let checkpoint = found.checkpoint { try run.restore(checkpoint) }
///     …
///     try folder.write(run.checkpoint(), step: run.steps, metric: loss)
public struct CheckpointFolder: Sendable {
  /// Which metric is the best.
  public enum Best: Sendable, Hashable {
    /// As for a loss.
    case lowest
    /// As for an accuracy.
    case highest
  }

  /// A checkpoint in the folder.
  public struct Entry: Sendable, Hashable {
    /// The step that it was written at.
    public let step: Int
    /// What it was judged by; nil when it was not, or the metric was not finite.
    public let metric: Double?
    /// The path of its file.
    public let path: String
    /// Counts what is written into the folder: a run that went back writes smaller steps later.
    fileprivate let generation: Int
  }

  /// What a folder was found to hold.
  public struct Search: Sendable {
    /// The checkpoint, checked as a whole; nil when the folder holds none that is undamaged.
    public fileprivate(set) var checkpoint: Checkpoint?
    /// Where it stands.
    public fileprivate(set) var entry: Entry?
    /// Files that would have come first, and why each was refused.
    public fileprivate(set) var refused: [CheckpointError]
  }

  /// What the folder adds to a checkpoint.
  private struct Place: Codable {
    var generation: Int
    var metric: Double?
  }

  /// The path of the folder.
  public let path: String
  /// How many of the checkpoints written last are kept.
  public let keepLast: Int
  /// Which one is kept besides; nil for none.
  public let keepBest: Best?

  /// The folder of that path, which is made when the first checkpoint is written.
  ///
  /// - Errors: traps when none would be kept.
  public init(_ path: String, keepLast: Int = 3, keepBest: Best? = nil) {
    if keepLast < 1 {
      Context.current.fail(
        TensorError.argument("CheckpointFolder", expected: "a keepLast of 1 or more", got: keepLast)
      )
    }
    self.path = path
    self.keepLast = max(keepLast, 1)
    self.keepBest = keepBest
  }
}

extension CheckpointFolder {
  /// Writes a checkpoint, and then removes those that are neither among the last nor the best. Files that cannot be
  /// read are left alone. The value `folder` in the file is the folder's own.
  ///
  /// - Parameters:
  ///   - step: names the file; one of the same step is replaced.
  ///   - metric: what the best is found by. NaN and infinities are never the best.
  /// - Errors: `CheckpointError` when the system refuses. Traps when the step is negative.
  public func write(
    _ checkpoint: Checkpoint, step: Int, metric: Double? = nil
  ) throws(CheckpointError) {
    guard step >= 0 else {
      return Context.current.fail(
        TensorError.argument("CheckpointFolder", expected: "a step of 0 or more", got: step))
    }
    try Folder(path).create()
    let newest = try entries().entries.first?.generation ?? 0
    let place = Place(
      generation: newest &+ 1, metric: metric.flatMap { $0.isFinite ? $0 : nil })
    var checkpoint = checkpoint
    try checkpoint.encode(place, as: "folder")
    try checkpoint.write(to: Folder(path).path(of: Self.name(of: step)))
    try prune()
  }

  /// The checkpoints whose headers are undamaged, the last one written first, and why others were refused.
  public func entries() throws(CheckpointError) -> (entries: [Entry], refused: [CheckpointError]) {
    var entries: [Entry] = []
    var refused: [CheckpointError] = []
    for name in try Folder(path).existingNames().sorted(by: >) {
      guard let step = Self.step(of: name) else { continue }
      let file = Folder(path).path(of: name)
      do throws(CheckpointError) {
        let place = try Checkpoint(headerOf: SafeTensorsFile(file)).decode(Place.self, "folder")
        entries.append(
          Entry(step: step, metric: place.metric, path: file, generation: place.generation))
      } catch {
        refused.append(error)
      }
    }
    return (entries.sorted { $0.generation > $1.generation }, refused)
  }

  /// The undamaged checkpoint that was written last.
  ///
  /// - Errors: `CheckpointError` when the system does not let the folder be listed. One that is not there has none.
  public func latest() throws(CheckpointError) -> Search {
    let (entries, refused) = try entries()
    return first(of: entries, refused)
  }

  /// The undamaged checkpoint with the best metric, the older of two equals.
  ///
  /// - Errors: as for ``latest()``.
  public func best() throws(CheckpointError) -> Search {
    let (entries, refused) = try entries()
    return first(of: ranked(entries), refused)
  }

  private func first(of entries: [Entry], _ refused: [CheckpointError]) -> Search {
    var search = Search(refused: refused)
    for entry in entries {
      do throws(CheckpointError) {
        (search.checkpoint, search.entry) = (try Checkpoint(contentsOf: entry.path), entry)
        break
      } catch {
        search.refused.append(error)
      }
    }
    return search
  }

  /// Those that have a metric, the best first.
  private func ranked(_ entries: [Entry]) -> [Entry] {
    let sign = keepBest == .highest ? -1.0 : 1
    return entries.filter { $0.metric != nil }
      .sorted { (sign * $0.metric!, $0.generation) < (sign * $1.metric!, $1.generation) }
  }

  private func prune() throws(CheckpointError) {
    let entries = try entries().entries
    let best = keepBest == nil ? nil : ranked(entries).first
    for entry in entries.dropFirst(keepLast) where entry != best {
      try Folder(path).remove(Self.name(of: entry.step))
    }
  }

  private static func name(of step: Int) -> String {
    let digits = "\(step)"
    let zeros = String(repeating: "0", count: max(0, 8 - digits.count))
    return "step-\(zeros)\(digits).safetensors"
  }

  /// The step of a file of ours; nil for others.
  private static func step(of name: String) -> Int? {
    let digits = name.dropFirst("step-".count).prefix { $0 != "." }
    return Int(digits).flatMap { Self.name(of: $0) == name ? $0 : nil }
  }
}
