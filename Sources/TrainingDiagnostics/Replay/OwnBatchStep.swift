internal import TrainingKit

/// What a step did to the loss of its own batch.
struct OwnBatchStep {
  /// The loss before and after, with the same random numbers.
  let before, after: Double
  /// The change that the gradient foretells.
  let slope: Double
  /// The product of the step with the Hessian's product with it, at the weights before; nil where nobody asked, or the
  /// model has no second derivatives.
  let product: Double?

  /// How far the step went for the curvature that it met: 1 is the minimum along it, above 2 the loss has risen. Nil of
  /// a step that the gradient did not want, as moments may.
  ///
  /// - Source: the Taylor series of the loss along the step, of second order.
  var curvature: Double? {
    slope < 0 ? bend : nil
  }

  /// The same without regard to whether the gradient wanted the step: what of the change is curvature.
  var bend: Double? {
    slope != 0 && after.isFinite ? 2 * (after - before - slope) / abs(slope) : nil
  }

  /// The same by the Hessian alone, which no change of higher order blurs.
  var bendOfHessian: Double? {
    guard let product, product.isFinite, slope != 0 else { return nil }
    return product / abs(slope)
  }
}

extension Replay {
  /// Looks at steps along the items behind a moment: at most so many, the last ones.
  ///
  /// - Parameter looksTwice: whether losses are differentiated twice.
  func ownBatchSteps(
    from place: RunMoments<Item>.Place, count: Int, looksTwice: Bool = false
  ) throws -> [OwnBatchStep] {
    let items = moments.items(since: place)
    return try run.undone { run in
      try run.restore(moments[place].snapshot)
      var steps: [OwnBatchStep] = []
      for (place, item) in items.enumerated() {
        if place + count < items.count {
          _ = try? loss.step(&run, item)
        } else if let step = try ownBatchStep(&run, item, looksTwice) {
          steps.append(step)
        }
      }
      return steps
    }
  }

  /// Nil where the step was not taken.
  private func ownBatchStep(
    _ run: inout TrainingRun<Model>, _ item: Item, _ looksTwice: Bool
  ) throws -> OwnBatchStep? {
    let generator = run.generator ?? .current
    let random = generator.state
    let weights = run.model.parameters.map { ($0, $0.parameter.value.detached()) }
    let gradients = try gradients(of: run, item)
    generator.state = random
    let recorded = looksTwice ? recordedGradients(of: run, item) : nil
    generator.state = random
    guard let gradients else { return nil }
    let before = try run.lossOfStep { try loss($0, item) }
    guard let outcome = try? loss.step(&run, item), outcome.isApplied else { return nil }
    let next = generator.state
    generator.state = random
    let after = try run.lossOfStep { try loss($0, item) }
    generator.state = next
    let moves = Dictionary(
      uniqueKeysWithValues: weights.map {
        ($0.0.path, $0.0.parameter.value.detached() - $0.1)
      })
    return OwnBatchStep(
      before: before, after: after, slope: gradients.product(with: moves, in: .float64).item(),
      product: recorded.flatMap { run.model.hessianProduct($0, with: moves) })
  }

  /// The gradients in a graph of their own; nil where the model has no second derivatives, or memory is too small.
  private func recordedGradients(of run: TrainingRun<Model>, _ item: Item) -> Gradients? {
    try? withRandomGenerator(run.generator ?? .current) {
      try validated { run.model.gradients(of: try loss(run.model, item), isRecorded: true) }
    }
  }
}

extension Gradients {
  /// The sum of the products with other tensors of the same paths.
  fileprivate func product(with others: [String: Tensor], in dtype: DType) -> Tensor {
    paths.reduce(Tensor(0.0, dtype: dtype)) { sum, path in
      guard let other = others[path] else { return sum }
      return sum + (self[path]! * other).cast(to: dtype).sum()
    }
  }
}

extension Module {
  /// The product of moves with the Hessian's product with them, where gradients are recorded; nil where those do not
  /// depend on the weights in a way that can be differentiated.
  fileprivate func hessianProduct(
    _ recorded: Gradients, with moves: [String: Tensor]
  ) -> Double? {
    try? validated {
      let products = gradients(of: recorded.product(with: moves, in: .float32))
      return products.paths.isEmpty ? nil : products.product(with: moves, in: .float64).item()
    }
  }
}
