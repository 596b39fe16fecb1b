/// A run whose optimizer keeps its state in another way, for which the rest of a fit is searched.
struct StatePlace<Model: Module> {
  private(set) var run: TrainingRun<Model>
  private var remedies: [MemoryRemedy] = []
  private var file: StateFile?

  init(_ run: TrainingRun<Model>) { (self.run, file) = (run, run.stateFile) }

  /// The same in bfloat16.
  var halved: StatePlace {
    var place = self
    place.run.keepHalfState()
    place.remedies.append(.halfState)
    return place
  }

  /// The same in a file.
  func filed(_ file: StateFile) -> StatePlace {
    var place = self
    (place.run.stateFile, place.file) = (file, file)
    place.remedies.append(.stateFile(folder: file.folder))
    return place
  }

  /// A fit of the run as one of the run that it was made of.
  func fit(_ fit: MemoryFit) -> MemoryFit {
    // Each update reads and writes all that lies in the file.
    let seconds = file.map { $0.seconds(for: 2 * fit.plan.filePeak) } ?? 0
    return MemoryFit(
      remedies: remedies + fit.remedies, plan: fit.plan, seconds: fit.seconds + seconds,
      stateFile: file)
  }
}

extension TrainingRun {
  /// The ways to keep the optimizer's state that are allowed, first as it is.
  func statePlaces(_ changes: MemoryChanges, _ file: StateFile?) -> [StatePlace<Model>] {
    let here = StatePlace(self)
    let places = changes.contains(.halfState) ? [here, here.halved] : [here]
    return places + (file.map { file in places.map { $0.filed(file) } } ?? [])
  }

  /// Has the optimizer keep its state in bfloat16.
  mutating func keepHalfState() {
    func halved(_ optimizer: some Optimizer) -> any Optimizer {
      optimizer.keepingState(in: .bfloat16(seed: 0))
    }
    optimizer = halved(optimizer)
  }
}
