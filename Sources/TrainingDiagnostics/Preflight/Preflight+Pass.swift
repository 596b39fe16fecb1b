internal import TrainingKit

extension PreflightPass {
  /// The pass that was not begun.
  init(of batch: Batch) {
    self.init(
      batch: batch, loss: .nan, mistake: nil, calls: [], gradients: nil, nonFinitePaths: [],
      callGradients: [:])
  }
}

extension Preflight {
  /// Takes a batch through the model, and perhaps back.
  func pass(_ batch: Batch, isEvaluating: Bool, isBackward: Bool) throws -> PreflightPass {
    try run.undone { run in
      var calls: [Observation] = []
      var value: Tensor?
      var mistake: TensorError?
      func compute() throws {
        value = try validated {
          try autocast(run.precision.autocastType) {
            try observing(run.model, with: { calls.append($0) }) { try loss(run.model, batch) }
          }
        }
      }
      do {
        try withRandomGenerator(run.generator ?? .current) {
          if isEvaluating {
            try run.model.evaluating { try withoutGradients(compute) }
          } else if isBackward {
            try compute()
          } else {
            try withoutGradients(compute)
          }
        }
      } catch let error as TensorError {
        mistake = error
      }
      let number = value.map { $0.count == 1 ? $0.detached().item() : .nan } ?? .nan
      let gradients =
        isBackward && number.isFinite ? try value.map { try self.gradients(of: $0, run) } : nil
      return PreflightPass(
        batch: batch, loss: number, mistake: mistake, calls: calls, gradients: gradients?.found,
        nonFinitePaths: gradients?.nonFinite ?? [],
        callGradients: gradients == nil ? [:] : value.map { $0.gradients(of: calls) } ?? [:])
    }
  }

  /// The gradients under a loss scale that is lowered until they are finite, as steps would lower it.
  private func gradients(
    of loss: Tensor, _ run: TrainingRun<Model>
  ) throws -> (found: Gradients?, nonFinite: [String]) {
    var scale = run.precision.scaler?.scale ?? 1
    while true {
      let scaled = try validated { run.model.gradients(of: loss, scaledBy: .fixed(scale)) }
      switch scaled.unscaled() {
      case .finite(let gradients): return (gradients, [])
      case .nonFinite(let found):
        guard scale > 1 else { return (nil, found.nonFinitePaths) }
        scale = max(1, scale / 16)
      }
    }
  }
}

extension Tensor {
  /// The gradients of this loss with respect to what calls gave, by their place; nothing where it depends on none.
  fileprivate func gradients(of calls: [Observation]) -> [Int: Tensor] {
    guard requiresGradient else { return [:] }
    let places = calls.indices.filter { calls[$0].outputs.first?.requiresGradient == true }
    let found = gradients(for: places.map { calls[$0].outputs[0] })
    return Dictionary(uniqueKeysWithValues: zip(places, found))
  }
}
