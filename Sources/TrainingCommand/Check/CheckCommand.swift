internal import TrainingDiagnostics
internal import TrainingKit

/// `training check`: mistakes in a job before its first step, and a test of this machine.
struct CheckCommand {
  let settings: CheckSettings

  /// Runs all checks, and returns how the command ends.
  func execute() throws -> Int32 {
    let job = settings.job
    try job.check()
    if let threads = job.threads { Threads.count = threads }
    var gravest: Severity?
    func show(_ result: CheckResult) {
      result.show(json: settings.json)
      gravest = [gravest, result.severity].compactMap(\.self).max()
    }
    // The limit is for the job.
    let machine = try withDevice(.cpu) { MachineCheck.results() }
    Device.current.trimMemory()
    if let limit = job.memoryLimit { Device.current.memoryLimit = limit }
    let samples = try Samples(job)
    let plan = Plan(job, samples)
    let network = try withRandomGenerator(RandomGenerator(seed: job.seed)) {
      try Network(plan, samples)
    }
    title("this machine")
    machine.forEach(show)
    title(
      "\(samples.name): \(samples.training.count) to train on, \(samples.heldOut.count) held out; "
        + "\(plan.model.rawValue) with \(network.parameterCount) parameters")
    let preflight = preflight(plan, network, samples)
    for result in try preflight.results() {
      show(
        CheckResult(name: result.check, detail: result.statement, findings: result.findings))
    }
    if gravest != .fault { try trials(preflight).forEach(show) }
    return gravest == .fault ? 2 : gravest == .warning ? 1 : 0
  }

  private func title(_ text: String) {
    if !settings.json { Console.print(text) }
  }

  private func preflight(_ plan: Plan, _ network: Network, _ samples: Samples) -> Preflight<Network>
  {
    var run = plan.run(network)
    run.generator = RandomGenerator(seed: settings.job.seed &+ 1)
    return plan.preflight(of: run, on: samples, seed: settings.job.seed)
  }

  /// What takes steps, where it was asked for.
  private func trials(_ preflight: Preflight<Network>) throws -> [CheckResult] {
    var results: [CheckResult] = []
    if settings.overfits {
      let trial = try preflight.overfit()
      let (first, last) = (trial.losses.first ?? .nan, trial.losses.last ?? .nan)
      results.append(
        CheckResult(
          name: "overfit",
          detail:
            "loss from \(Format.significant(first)) to \(Format.significant(last)) on one batch, in "
            + "\(trial.losses.count - 1) steps", findings: trial.finding.map { [$0] } ?? []))
    }
    if settings.measuresRates {
      let range = try preflight.learningRateRange()
      let rate = range.suggestion.map { "try \(Format.significant($0, 2)): " } ?? ""
      results.append(
        CheckResult(
          name: "learning rate", detail: rate + range.reason,
          findings: range.finding(at: preflight.highestRate).map { [$0] } ?? []))
    }
    return results
  }
}
