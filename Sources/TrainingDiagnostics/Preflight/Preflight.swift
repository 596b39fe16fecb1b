public import TrainingKit

/// Looks for mistakes before the first step, when they cost nothing yet.
///
///     for finding in try Preflight(of: run, on: [batch], loss).findings() { print(finding) }
///
/// The run stays as it is, to the bit: weights, buffers, modes, generator, optimizer and counts.
public struct Preflight<Model: Module> {
  let run: TrainingRun<Model>
  let batches: [Batch]
  let loss: (Model, Batch) throws -> Tensor
  private let checks: [any PreflightCheck]

  /// Prepares the checks of a run.
  ///
  /// - Parameters:
  ///   - batches: what to look at; the first goes through the model, the others are looked at as data.
  ///   - checks: what to look for.
  ///   - loss: the loss of a batch, as steps take it. Call the model itself in it, so that its output is seen.
  public init(
    of run: TrainingRun<Model>, on batches: [Batch],
    with checks: [any PreflightCheck] = PreflightCatalog.standard,
    _ loss: @escaping (Model, Batch) throws -> Tensor
  ) {
    (self.run, self.batches, self.checks, self.loss) = (run, batches, checks, loss)
  }

  /// What the checks find, the gravest and the causes first.
  ///
  /// - Errors: whatever the loss throws, but for what it cannot compute, which is a finding.
  public func findings() throws -> [Finding] {
    try results().flatMap(\.findings).ranked
  }

  /// What becomes of each check. What does not fit into memory is not begun.
  ///
  /// - Errors: as those of ``findings()``.
  public func results() throws -> [PreflightResult] {
    guard let first = batches.first, first.count > 0 else { return [] }
    let paper = subject(of: PreflightPass(of: first))
    let early = try checks.filter { $0 is MemoryFits }.map { try PreflightResult($0, paper) }
    if early.contains(where: { !$0.findings.isEmpty }) { return early }
    let subject = self.subject(of: try firstPass(first))
    return early
      + (try checks.filter { !($0 is MemoryFits) }.map { try PreflightResult($0, subject) })
  }

  /// The pass on the batch. Looking keeps what a step lets go of: where that is too much, a part has to do.
  private func firstPass(_ batch: Batch) throws -> PreflightPass {
    do {
      return try pass(batch, isEvaluating: false, isBackward: true)
    } catch is DeviceError where batch.count > 4 {
      return try firstPass(batch.split(size: batch.count / 4)[0])
    }
  }

  private func subject(of pass: PreflightPass) -> PreflightSubject {
    PreflightSubject(
      step: run.steps, batches: batches, parameters: run.model.parameters,
      optimizer: run.optimizer, precision: run.precision, pass: pass,
      compute: { try self.pass($0, isEvaluating: $1, isBackward: false) }, plan: plan,
      unmoved: unmovedParameters, wideGradients: { try self.gradientsInFloat32(of: pass.batch) })
  }
}

extension Preflight {
  private func plan(parts: Int) throws -> MemoryPlan {
    let batch = batches[0]
    return try run.memoryPlan { run in
      let pieces = batch.split(size: max(1, batch.count / parts))
      for _ in 0..<2 { _ = try run.step(accumulating: pieces) { try loss($0, $1) } }
    }
  }

  private func gradientsInFloat32(of batch: Batch) throws -> Gradients? {
    var run = run
    run.precision = .full
    return try Preflight(of: run, on: [batch], with: [], loss)
      .pass(batch, isEvaluating: false, isBackward: true).gradients
  }

  private func unmovedParameters() throws -> [String] {
    try run.undone { run in
      run.schedule = .constant(highestRate)
      let before = run.model.parameters.map(\.parameter.value)
      // A loss scale finds itself within some steps that are skipped.
      var isApplied = false
      for _ in 0..<16 where !isApplied {
        isApplied = try run.step { try loss($0, batches[0]) }.isApplied
      }
      guard isApplied else { return [] }
      return zip(run.model.parameters, before).filter { named, value in
        named.parameter.isTrainable && named.parameter.value.isIdentical(to: value)
      }.map(\.0.path)
    }
  }

  /// The highest learning rate of the first updates, past a warm-up.
  public var highestRate: Double {
    (0..<2_000).map { run.schedule.learningRate(at: run.updates + $0) }.max() ?? 0
  }
}
