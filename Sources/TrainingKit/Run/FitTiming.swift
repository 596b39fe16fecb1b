/// Ways to take a step that are known to fit, and the run that each of them makes of a run.
package struct FitTiming<Model: Module> {
  private let ways: [(run: TrainingRun<Model>, fit: MemoryFit)]
  private let patience: Double

  /// Prepares to look at ways until one is surely the fastest, or so many seconds have passed.
  package init(ways: [(run: TrainingRun<Model>, fit: MemoryFit)], patience: Double) {
    (self.ways, self.patience) = (ways, patience)
  }

  /// How often each is looked at, whatever is sure and however long it takes.
  private static var rounds: ClosedRange<Int> { 5...1000 }

  /// The fastest by what their gradients take on this machine: its caches and threads are in no estimate. The update,
  /// which moves the run, is estimated.
  ///
  /// - Parameter seconds: computes the gradients once and says how long that took; nil when they cannot be computed as
  ///   the run stands. Estimates decide then.
  package func fastest(
    _ seconds: (_ run: TrainingRun<Model>, _ parts: Int) throws -> Double?
  ) rethrows -> MemoryFit? {
    if ways.count < 2 { return ways.first?.fit }
    var race = Race(count: ways.count)
    var spent = 0.0
    // The first round is also the one in which memory is taken and caches are cold, and does not count.
    for round in 0...Self.rounds.upperBound {
      var times: [Double] = []
      for way in race.entrants {
        guard let time = try seconds(ways[way].run, ways[way].fit.parts) else {
          return ways.map(\.fit).min { $0.seconds < $1.seconds }
        }
        times.append(time + ways[way].fit.secondsBesidesGradients)
      }
      if round == 0 { continue }
      race.note(times)
      spent += times.reduce(0, +)
      let isDecided = race.entrants.count == 1 || spent > patience
      if isDecided, round >= Self.rounds.lowerBound { break }
    }
    var fit = ways[race.leader].fit
    fit.seconds = race.time
    return fit
  }
}

/// Times of entrants that take turns, from which those that are surely slower drop out.
///
/// A machine changes its speed within seconds. What is taken one right after the other is told apart by ratios, the
/// median of which converges long before the least or the mean of the times does.
private struct Race {
  /// Who is still in it.
  private(set) var entrants: [Int]
  /// For each of them, its times.
  private var times: [[Double]]

  init(count: Int) {
    entrants = Array(0..<count)
    times = Array(repeating: [], count: count)
  }

  /// Takes a round, with a time for each entrant.
  mutating func note(_ round: [Double]) {
    for (place, time) in round.enumerated() { times[place].append(time) }
    guard times[0].count >= 3 else { return }
    let best = times[place]
    let staying = entrants.indices.filter { !Self.isSurelySlower(times[$0], than: best) }
    (entrants, times) = (staying.map { entrants[$0] }, staying.map { times[$0] })
  }

  /// Whether the median ratio is above 1 by three of its standard errors, which the median distance from it tells.
  private static func isSurelySlower(_ times: [Double], than others: [Double]) -> Bool {
    let ratios = zip(times, others).map(/)
    let median = [Double].median(of: ratios)
    let deviation = 1.4826 * [Double].median(of: ratios.map { abs($0 - median) })
    return median - 1 > 3 * 1.2533 * deviation / Double(ratios.count).squareRoot()
  }

  var leader: Int { entrants[place] }

  /// A usual time of the leader.
  var time: Double { [Double].median(of: times[place]) }

  /// The place of the entrant that takes least, beside the first of them.
  private var place: Int {
    let ratios = times.map { [Double].median(of: zip($0, times[0]).map(/)) }
    return ratios.indices.min { ratios[$0] < ratios[$1] }!
  }
}

extension MemoryFit {
  /// What a step takes on top of its gradients, by estimate. Plans are of two steps.
  fileprivate var secondsBesidesGradients: Double {
    MachineSpeed.measured.updateSeconds(for: plan.work) / 2
      + (stateFile.map { $0.seconds(for: 2 * plan.filePeak) } ?? 0)
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
    let random = generator.state
    defer { generator.state = random }
    let start = ContinuousClock.now
    do {
      let isFinite = try Context.current.undoingWrites(unless: { _ in false }) {
        try Self.stepping(model, generator) {
          var (sum, others) = (GradientAccumulator(), nil as ModuleMembers?)
          return try parts.allSatisfy { try add($0, to: &sum, members, &others, loss).isFinite }
        }
      }
      return isFinite ? start.secondsToNow : nil
    } catch is DeviceError {
      return nil
    }
  }
}
