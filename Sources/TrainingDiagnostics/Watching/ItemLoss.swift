internal import TrainingKit

/// How the loss of an item is computed: at once, or part by part, so that memory holds one part at a time.
struct ItemLoss<Model: Module, Item> {
  /// Takes a step on an item, looked into where an examination is given.
  let step: (_ run: inout TrainingRun<Model>, Item, inout Examination<Model>?) throws -> StepOutcome
  /// The gradients of the item's loss; nil where nothing in it counts.
  let gradients: (Model, Item) throws -> Gradients?
  private let mean: (Model, Item) throws -> Tensor

  init(_ loss: @escaping (Model, Item) throws -> Tensor) {
    mean = loss
    gradients = { model, item in model.gradients(of: try loss(model, item)) }
    step = { run, item, examination in
      try run.step { model in try examination.observed { try loss(model, item) } }
    }
  }

  /// Of what an item gives to a step that may be compiled. One that is looked into is not.
  init(
    of inputs: @escaping (Item) -> [Tensor],
    _ loss: @escaping (Model, [Tensor]) throws -> Tensor
  ) {
    mean = { model, item in try loss(model, inputs(item)) }
    gradients = { model, item in model.gradients(of: try loss(model, inputs(item))) }
    step = { run, item, examination in
      if examination == nil { return try run.step(on: inputs(item), loss) }
      return try run.step { model in try examination.observed { try loss(model, inputs(item)) } }
    }
  }

  init<Part>(_ loss: @escaping (Model, Part) throws -> LossSum) where Item == [Part] {
    mean = { model, parts in
      try parts.reduce(.zero) { sum, part in sum + (try loss(model, part)) }.mean
    }
    gradients = { model, parts in
      var sum = GradientAccumulator()
      for part in parts {
        let loss = try loss(model, part)
        let mean = loss.mean
        sum.add(model.gradients(of: mean), ofMean: mean.detached().item(), count: loss.count)
      }
      return sum.mean?.gradients
    }
    step = { run, parts, examination in
      try run.step(accumulating: parts) { model, part in
        try examination.observed { try loss(model, part) }
      }
    }
  }

  /// The loss of the whole item.
  func callAsFunction(_ model: Model, _ item: Item) throws -> Tensor { try mean(model, item) }

  /// Takes a step on an item.
  func step(_ run: inout TrainingRun<Model>, _ item: Item) throws -> StepOutcome {
    var unseen: Examination<Model>?
    return try step(&run, item, &unseen)
  }
}

extension Optional {
  /// Runs the forward part of a step, in the sight of the examination where there is one.
  fileprivate mutating func observed<Model, Result>(
    _ body: () throws -> Result
  ) rethrows -> Result where Wrapped == Examination<Model> {
    try self?.observed(body) ?? body()
  }
}
