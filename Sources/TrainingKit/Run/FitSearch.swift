/// Plans the ways to take a step and picks one that fits.
struct FitSearch<Model: Module> {
  let run: TrainingRun<Model>
  let budget: Int
  /// Takes the step in so many parts.
  let step: (inout TrainingRun<Model>, _ parts: Int) throws -> Void

  /// The fastest way that fits.
  func fastest(largestSplit: Int, _ changes: MemoryChanges) throws -> MemoryFit? {
    var best: MemoryFit?
    for isMixed in isMixable && changes.contains(.mixedPrecision) ? [false, true] : [false] {
      var parts = 1
      while parts <= (changes.contains(.parts) ? largestSplit : 1) {
        let fit = try leastRecomputed(parts, isMixed, changes)
        if let fit, fit.seconds < best?.seconds ?? .infinity { best = fit }
        // More parts take longer, unless there is something to recompute less.
        if let fit, !fit.isRecomputed { break }
        parts *= 2
      }
    }
    return best
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

  /// With as few recomputed modules as are enough.
  private func leastRecomputed(
    _ parts: Int, _ isMixed: Bool, _ changes: MemoryChanges
  ) throws -> MemoryFit? {
    let plain = try fit([], parts, isMixed)
    if plain.plan.peak <= budget { return plain }
    let modules = changes.contains(.recomputation) ? RepeatedModules(of: run.model).paths : []
    guard !modules.isEmpty else { return nil }
    var (least, most) = (1, modules.count)
    var best: MemoryFit?
    while least <= most {
      let count = (least + most) / 2
      let fit = try fit(Array(modules.prefix(count)), parts, isMixed)
      if fit.plan.peak <= budget { (best, most) = (fit, count - 1) } else { least = count + 1 }
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
      remedies: remedies, plan: plan, seconds: MachineSpeed.measured.seconds(for: plan.work) / 2)
  }
}

extension MemoryFit {
  fileprivate var isRecomputed: Bool {
    remedies.contains { if case .recomputation = $0 { true } else { false } }
  }
}

/// The modules of a model that are worth recomputing one by one: the largest row of modules of one type, else those
/// right below the model.
package struct RepeatedModules {
  package let paths: [String]

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
    let repeated = rows.filter { $0.value.count > 1 && sizes[$0.key]! > 0 }
    let largest = repeated.keys.sorted().max { sizes[$0]! < sizes[$1]! }
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
