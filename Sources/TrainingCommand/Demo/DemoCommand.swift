internal import TrainingDiagnostics
internal import TrainingKit

/// `training demo`: sick runs beside their healthy twins, found, treated and reported.
struct DemoCommand {
  private let settings: DemoSettings
  private var reports: ReportFiles
  private var failures: [String] = []
  private var live = LiveLine()

  init(_ settings: DemoSettings) throws(UsageError) {
    reports = try ReportFiles(page: settings.page, folder: settings.pictures)
    if let threads = settings.threads { Threads.count = threads }
    self.settings = settings
  }

  /// Plays all scenes, and returns how the command ends.
  mutating func execute() throws -> Int32 {
    let start = ContinuousClock.now
    let samples = try Samples(TrainSettings())
    let scenes = DemoScene.all(samples)
    Console.print(
      "\(scenes.count + 1) sick runs beside their healthy twins, on \(samples.name)\n")
    for (place, scene) in scenes.enumerated() {
      Console.print("\(place + 1)  \(scene.title): \(scene.mistake)")
      try play(scene)
    }
    Console.print(
      "\(scenes.count + 1)  out of memory: a language model whose steps find half of the room that they need"
    )
    var scene = MemoryScene(DemoData.pixels(samples), seed: settings.seed)
    take(try scene.play())
    try reports.write { _ in "training demo" }
    let (seconds, _) = start.duration(to: .now).components
    Console.print("report: \(settings.page), after \(seconds) s")
    for failure in failures { Console.warn(failure) }
    return failures.isEmpty ? 0 : 1
  }

  /// Takes the runs of a scene into the report.
  private mutating func take(_ outcome: (runs: [ReportedRun], failure: String?)) {
    outcome.runs.forEach { reports.add($0) }
    if let failure = outcome.failure { failures.append(failure) }
  }

  private mutating func play(_ scene: DemoScene) throws {
    let healthy = try perform("healthy twin", scene, isSick: false, .treating)
    let sick = try perform("untreated", scene, isSick: true, .standard)
    let treated = try perform("treated", scene, isSick: true, .treating)
    live.clear()
    show("healthy twin", healthy)
    show("untreated", sick)
    let finding = treated.watched.treatments.first?.finding ?? treated.finding ?? sick.finding
    if let finding { show(finding) }
    for treatment in treated.watched.treatments { show(treatment) }
    show("treated", treated)
    Console.print("")
    let isHealed = treated.loss <= 1.25 * healthy.loss + 0.02
    if sick.finding == nil { failures.append("\(scene.title): nothing was found") }
    if !isHealed { failures.append("\(scene.title): the treated run did not reach its twin") }
    if healthy.finding != nil { failures.append("\(scene.title): the healthy twin was alarmed at") }
    reports.add(treated.report("\(scene.title): treated"))
    reports.add(sick.report("\(scene.title): untreated"))
    reports.add(healthy.report("\(scene.title): healthy twin"))
  }

  private mutating func perform(
    _ name: String, _ scene: DemoScene, isSick: Bool, _ care: Care
  ) throws -> Performance {
    try withRandomGenerator(RandomGenerator(seed: settings.seed)) {
      var run = scene.run(isSick)
      run.generator = RandomGenerator(seed: settings.seed &+ 1)
      var performance = Performance(WatchedRun(run, care: care, DemoScene.loss))
      let batches = scene.batches(isSick: isSick, seed: settings.seed)
      try performance.train(on: batches) { step in
        live.show("   \(name): step \(step) of \(batches.count)")
      }
      try performance.evaluate(on: scene.data.heldOut)
      return performance
    }
  }

  private func show(_ name: String, _ run: Performance) {
    let padding = String(repeating: " ", count: max(1, 14 - name.count))
    let lines = Format.wrapped(run.summary, columns: 82)
    Console.print("   \(name)\(padding)\(lines[0])")
    Self.showMore(lines.dropFirst().joined(separator: " "))
  }

  private func show(_ finding: Finding) {
    let place = finding.place.map { " in \($0)" } ?? ""
    let words = "\(finding.symptom)\(place) \(finding.time); cause: \(finding.cause)"
    let lines = Format.wrapped(words, columns: 82)
    Console.print("   found         \(lines[0])")
    Self.showMore(lines.dropFirst().joined(separator: " "))
    Self.showMore(finding.evidenceInWords)
  }

  private func show(_ treatment: Treatment) {
    Console.print("   treatment     back to step \(treatment.from), \(treatment.remediesInWords)")
    Self.showMore(
      "chosen of \(treatment.trials.count) that were tried there: loss "
        + "\(Format.significant(treatment.trial.lossAfter)) after \(treatment.trial.steps) steps, "
        + "\(Format.significant(treatment.control.lossAfter)) without it")
  }

  /// Shows what belongs to the line above.
  static func showMore(_ text: String) {
    for line in Format.wrapped(text, columns: 82) { Console.print("                 \(line)") }
  }
}

/// A run of a scene and what it came to.
struct Performance {
  private(set) var watched: WatchedRun<Network, Batch>
  /// The gravest finding; nil of a healthy run.
  private(set) var finding: Finding?
  /// The mean of the last losses; infinite when there are none.
  private(set) var loss = Double.infinity
  private var accuracy = 0.0
  private var end: (any Error)?

  init(_ watched: WatchedRun<Network, Batch>) { self.watched = watched }

  /// Takes all steps, unless the run gets stuck.
  ///
  /// - Parameter willStep: is told the number of each step, from 1.
  mutating func train(on batches: [Batch], willStep: (Int) -> Void) throws {
    do {
      for (place, batch) in batches.enumerated() {
        willStep(place + 1)
        let findings = try watched.step(batch).findings.filter { $0.severity >= .warning }
        if let found = findings.first, finding.map({ $0.severity < found.severity }) ?? true {
          finding = found
        }
      }
    } catch let error as RunError {
      end = error
    } catch let error as LossScaleError {
      end = error
    }
    let last = watched.record.steps.suffix(25).compactMap(\.loss)
    let mean = last.reduce(0, +) / Double(last.count)
    if end == nil, mean.isFinite { loss = mean }
  }

  mutating func evaluate(on dataset: any Dataset) throws {
    accuracy = try watched.run.model.accuracy(on: dataset)
  }

  /// How it ended, in a line.
  var summary: String {
    if let end { return "\(end)" }
    return "loss \(Format.significant(loss)), held-out \(Format.percent(accuracy))"
  }

  func report(_ name: String) -> ReportedRun { ReportedRun(name: name, watched: watched) }
}
