internal import TrainingDiagnostics
internal import TrainingKit

extension Plan {
  /// The checks of a run of the job before its first step, on the batches that it would begin with.
  func preflight(
    of run: TrainingRun<Network>, on samples: Samples, seed: UInt64,
    without omitted: [any PreflightCheck.Type] = []
  ) -> Preflight<Network> {
    let loader = DataLoader(samples.training, batchSize: batchSize, shuffle: true, seed: seed)
    let checks =
      PreflightCatalog.standard + [ExamplesAreApart(samples.training.some, samples.heldOut.some)]
    return Preflight(
      of: run, on: Array(loader.prefix(8)),
      with: checks.filter { check in !omitted.contains { type(of: check) == $0 } }
    ) { model, batch in
      crossEntropy(Network.logits(model, batch.x), batch.y.flattened())
    }
  }
}

extension Dataset {
  /// The inputs of the first few thousand examples.
  fileprivate var some: Tensor { batch(at: Array(0..<min(count, 5_000))).x }
}
