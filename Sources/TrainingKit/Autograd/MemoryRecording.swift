extension Device {
  /// Runs `body` and notes what memory is used for meanwhile, by all threads.
  ///
  ///     let (_, timeline) = try Device.cpu.recordingMemory { try run.step { … } }
  ///     print(timeline.bill(at: timeline.peakEvent))
  ///
  /// One recording at a time: one that begins inside ends the one outside, which then is empty.
  public func recordingMemory<Result>(
    _ body: () throws -> Result
  ) rethrows -> (result: Result, timeline: MemoryTimeline) {
    let pool = backend.pool
    return try Context.current.recordingMemory(of: pool, body)
  }
}

extension Device {
  /// What memory is in use for now, the largest first; what is of one owner, operation and module is one.
  ///
  ///     for holding in Device.cpu.memoryHoldings(in: model).prefix(5) { print(holding) }
  ///
  /// - Parameter root: the model whose modules are named by their paths; those of others have none.
  public func memoryHoldings(in root: AnyObject? = nil) -> [MemoryHolding] {
    let paths = root.map { ObjectTree.paths(below: $0) } ?? [:]
    return backend.pool.live.map { $0.holding(paths) }.merged()
  }
}

extension Context {
  /// Runs `body` and gives what the pool's memory was in use for meanwhile.
  package func recordingMemory<Result>(
    of pool: MemoryPool, _ body: () throws -> Result
  ) rethrows -> (result: Result, timeline: MemoryTimeline) {
    pool.beginRecording()
    var recorder: MemoryRecorder?
    let (result, paths) = try {
      // Traced modules are held until then; what they keep has to be given back within the recording.
      defer { recorder = pool.endRecording() }
      return try tracing(body)
    }()
    return (result, MemoryTimeline(recorder ?? MemoryRecorder([]), paths))
  }
}
