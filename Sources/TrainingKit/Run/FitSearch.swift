/// Plans the ways to take a step and finds those that fit.
package struct FitSearch<Model: Module> {
  private let run: TrainingRun<Model>
  private let budget: Int
  private let speed: MachineSpeed
  /// Takes the step in so many parts.
  private let step: (inout TrainingRun<Model>, _ parts: Int) throws -> Void

  package init(
    run: TrainingRun<Model>, budget: Int, speed: MachineSpeed = .measured,
    step: @escaping (inout TrainingRun<Model>, _ parts: Int) throws -> Void
  ) {
    (self.run, self.budget, self.speed, self.step) = (run, budget, speed, step)
  }

  /// The fastest way that fits, by estimate.
  package func fastest(largestSplit: Int, _ changes: MemoryChanges) throws -> MemoryFit? {
    try ways(largestSplit: largestSplit, changes).min { $0.seconds < $1.seconds }
  }

  /// Of each number of parts and precision, the fastest way that fits; only the step as it is, where that does.
  package func ways(largestSplit: Int, _ changes: MemoryChanges) throws -> [MemoryFit] {
    let plain = try fit([], 1, false)
    if plain.plan.peak <= budget { return [plain] }
    let order = changes.contains(.recomputation) ? try order(besides: plain) : nil
    var found: [MemoryFit] = []
    for isMixed in isMixable && changes.contains(.mixedPrecision) ? [false, true] : [false] {
      var (parts, whole) = (1, 0)
      // Where nothing is recomputed, more parts have more calls, but may find their numbers in a cache.
      while parts <= (changes.contains(.parts) ? largestSplit : 1), whole < 3 {
        if let fit = try leastRecomputed(order, parts, isMixed) {
          found.append(fit)
          if !fit.isRecomputed { whole += 1 }
        }
        parts *= 2
      }
    }
    return found
  }

  /// Those changes that make the step fit without others.
  func single(largestSplit: Int) throws -> [MemoryRemedy] {
    let ways: [MemoryChanges] = [.recomputation, .parts, .mixedPrecision]
    return try ways.compactMap { change in
      let fit = try fastest(largestSplit: largestSplit, change)
      return fit?.remedies.count == 1 ? fit?.remedies[0] : nil
    }
  }

  private var isMixable: Bool {
    run.precision.autocastType == nil
      && ModuleMembers(of: run.model).parameters.allSatisfy { $0.parameter.value.dtype == .float32 }
  }

  /// The modules in the order in which recomputing them is worth it: by the bytes that they keep at the peak for each
  /// second that computing them again takes.
  private func order(besides plain: MemoryFit) throws -> RecomputationOrder {
    let modules = RepeatedModules(of: run.model)
    if modules.areAlike { return RecomputationOrder(paths: modules.paths, areAlike: true) }
    let kept = plain.plan.timeline.holdings(at: plain.plan.timeline.peakEvent)
      .filter { $0.owner == .activations }
    let worth = try modules.paths.compactMap { path -> (path: String, worth: Double)? in
      let bytes = kept.reduce(0) { $0 + ($1.isInside(path) ? $1.byteCount : 0) }
      if bytes == 0 { return nil }
      let seconds = try fit([path], 1, false).seconds - plain.seconds
      return (path, Double(bytes) / max(seconds, 1e-9))
    }
    return RecomputationOrder(
      paths: worth.sorted { $0.worth > $1.worth }.map(\.path), areAlike: false)
  }

  /// With as few recomputed modules as are enough.
  private func leastRecomputed(
    _ order: RecomputationOrder?, _ parts: Int, _ isMixed: Bool
  ) throws -> MemoryFit? {
    let plain = try fit([], parts, isMixed)
    if plain.plan.peak <= budget { return plain }
    guard let order else { return nil }
    return order.areAlike
      ? try fewest(order.paths, parts, isMixed)
      : try cheapest(order.paths, besides: plain, parts, isMixed)
  }

  /// The fewest of modules that are alike.
  private func fewest(_ modules: [String], _ parts: Int, _ isMixed: Bool) throws -> MemoryFit? {
    var (least, most) = (1, modules.count)
    var best: MemoryFit?
    while least <= most {
      let count = (least + most) / 2
      let fit = try fit(Array(modules.prefix(count)), parts, isMixed)
      if fit.plan.peak <= budget { (best, most) = (fit, count - 1) } else { least = count + 1 }
    }
    return best
  }

  /// One module where one is enough, else one after another, but for those that raise the peak: to compute a module
  /// again also takes memory.
  private func cheapest(
    _ modules: [String], besides plain: MemoryFit, _ parts: Int, _ isMixed: Bool
  ) throws -> MemoryFit? {
    let alone = try modules.map { try fit([$0], parts, isMixed) }
    if let best = alone.filter({ $0.plan.peak <= budget }).min(by: { $0.seconds < $1.seconds }) {
      return best
    }
    var last = plain
    for module in modules {
      let next = try fit(last.recomputed + [module], parts, isMixed)
      if next.plan.peak <= last.plan.peak { last = next }
      if last.plan.peak <= budget { return try withoutTheUnneeded(last, parts, isMixed) }
    }
    return nil
  }

  /// The same way without those recomputed modules that are not needed for it, the dearest first.
  private func withoutTheUnneeded(
    _ fit: MemoryFit, _ parts: Int, _ isMixed: Bool
  ) throws -> MemoryFit {
    var best = fit
    for module in fit.recomputed {
      let less = try self.fit(best.recomputed.filter { $0 != module }, parts, isMixed)
      if less.plan.peak <= budget, less.seconds < best.seconds { best = less }
    }
    return best
  }

  private func fit(_ modules: [String], _ parts: Int, _ isMixed: Bool) throws -> MemoryFit {
    let plan = try run.memoryPlan { run in
      if !modules.isEmpty {
        run.recomputation = Recomputation(patterns: modules, isVerified: false)
      }
      if isMixed { run.precision = .mixed(.bfloat16) }
      for _ in 0..<2 { try step(&run, parts) }
    }
    let remedies: [MemoryRemedy] =
      (isMixed ? [.mixedPrecision] : []) + (parts > 1 ? [.parts(parts)] : [])
      + (modules.isEmpty ? [] : [.recomputation(modules)])
    return MemoryFit(
      remedies: remedies, plan: plan, seconds: speed.seconds(for: plan.work) / 2)
  }
}

/// Modules in the order in which they are recomputed.
private struct RecomputationOrder {
  let paths: [String]
  /// Whether each is worth as much as the others.
  let areAlike: Bool
}

extension MemoryFit {
  fileprivate var recomputed: [String] {
    remedies.flatMap { if case .recomputation(let modules) = $0 { modules } else { [String]() } }
  }

  fileprivate var isRecomputed: Bool { !recomputed.isEmpty }
}

extension MemoryHolding {
  fileprivate func isInside(_ module: String) -> Bool {
    path == module || path?.hasPrefix(module + ".") ?? false
  }
}

/// The modules of a model that are worth recomputing one by one: the largest row of modules of one type, else those
/// right below the model.
package struct RepeatedModules {
  package let paths: [String]
  /// Whether they are a row of one type.
  let areAlike: Bool

  package init(of model: some Module) {
    let members = ModuleMembers(of: model)
    var rows: [String: [String]] = [:]
    var sizes: [String: Int] = [:]
    for (path, module) in members.modules where module is any Module {
      let names = path.split(separator: ".")
      guard let last = names.last, Int(last) != nil else { continue }
      let row = "\(names.dropLast().joined(separator: ".")) \(type(of: module))"
      rows[row, default: []].append(path)
      sizes[row, default: 0] += members.parameterCount(below: path)
    }
    let repeated = rows.filter { row in
      // Layers that happen to be of one type are not alike when their sizes differ.
      row.value.count > 1 && sizes[row.key]! > 0
        && Set(row.value.map(members.parameterCount)).count == 1
    }
    let largest = repeated.keys.sorted().max { sizes[$0]! < sizes[$1]! }
    areAlike = largest != nil
    paths =
      largest.map { rows[$0]! }
      ?? members.modules.filter { $0.module is any Module && !$0.path.contains(".") }.map(\.path)
  }
}

extension ModuleMembers {
  fileprivate func parameterCount(below path: String) -> Int {
    parameters.filter { $0.path.hasPrefix(path + ".") }.reduce(0) { $0 + $1.parameter.value.count }
  }
}
