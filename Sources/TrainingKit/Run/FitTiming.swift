/// Ways to take a step that are known to fit, and the run that each of them makes of a run.
package struct FitTiming<Model: Module> {
  private let ways: [(run: TrainingRun<Model>, fit: MemoryFit)]

  package init(ways: [(run: TrainingRun<Model>, fit: MemoryFit)]) { self.ways = ways }

  /// Each is looked at so often, and then until this time has passed.
  private static var rounds: ClosedRange<Int> { 3...20 }
  private static var patience: Double { 2 }
  /// What is slower than the fastest by this factor after some rounds is not looked at again, which leaves the time to
  /// those that are close.
  private static func hopeless(after rounds: Int) -> Double { 1 + 0.5 / Double(rounds) }

  /// The fastest by what their gradients take on this machine: its caches and threads are in no estimate. The update,
  /// which moves the run, is estimated.
  ///
  /// - Parameter seconds: computes the gradients once and says how long that took; nil when they cannot be computed as
  ///   the run stands. Estimates decide then.
  package func fastest(
    _ seconds: (_ run: TrainingRun<Model>, _ parts: Int) throws -> Double?
  ) rethrows -> MemoryFit? {
    if ways.count < 2 { return ways.first?.fit }
    // The first round is also the one in which memory is taken and caches are cold.
    var times = try ways.compactMap { try seconds($0.run, $0.fit.parts) }
    guard times.count == ways.count else {
      return ways.map(\.fit).min { $0.seconds < $1.seconds }
    }
    var candidates = Array(times.indices)
    var (round, spent) = (0, 0.0)
    while round < Self.rounds.lowerBound
      || round < Self.rounds.upperBound && spent < Self.patience
    {
      let limit = candidates.map { times[$0] }.min()! * Self.hopeless(after: max(1, round))
      candidates.removeAll { times[$0] > limit }
      for way in candidates {
        guard let time = try seconds(ways[way].run, ways[way].fit.parts) else { continue }
        times[way] = round == 0 ? time : min(times[way], time)
        spent += time
      }
      round += 1
    }
    return candidates.map { ways[$0].fit.taking(times[$0]) }.min { $0.seconds < $1.seconds }
  }
}

extension MemoryFit {
  /// The same with gradients that were seen to take so long.
  fileprivate func taking(_ seconds: Double) -> MemoryFit {
    var fit = self
    // Plans are of two steps.
    fit.seconds = seconds + MachineSpeed.measured.updateSeconds(for: plan.work) / 2
    fit.seconds += stateFile.map { $0.seconds(for: 2 * plan.filePeak) } ?? 0
    return fit
  }
}

extension TrainingRun {
  /// How long the gradients of some parts take; nil when there is no room for them while states are where they are, or
  /// the loss is not finite. The run stays as it is.
  package func secondsForGradients<Part>(
    _ parts: [Part], _ loss: (Model, Part) throws -> (mean: Tensor, count: Double)
  ) throws -> Double? {
    let generator = generator ?? .current
    let members = ModuleMembers(of: model)
    let (random, buffers) = (generator.state, members.buffers.map(\.buffer.value))
    defer {
      members.restoreBuffers(buffers)
      generator.state = random
    }
    let start = ContinuousClock.now
    do {
      let isFinite = try Self.stepping(model, generator) {
        var sum = GradientAccumulator()
        return try parts.allSatisfy { try add($0, to: &sum, members, loss).isFinite }
      }
      return isFinite ? start.secondsToNow : nil
    } catch is DeviceError {
      return nil
    }
  }
}
