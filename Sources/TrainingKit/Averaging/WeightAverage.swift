/// An average of a model's weights over the updates of a run, which often generalizes better than the last weights.
///
///     var average = WeightAverage.exponential(decay: 0.999)
///     for batch in loader {
///       let outcome = try run.step { model in crossEntropy(model(batch.x), batch.y) }
///       if outcome.isApplied { average.update(from: run.model) }
///     }
///     let accuracy = try average.withAveragedWeights(of: run.model) { evaluate(run.model) }
///
/// An average is a value: a copy is a snapshot of it, and memory is shared until one of the two moves on.
///
/// - Numerics: kept in float32, or float64 for parameters in float64: in a half, small changes would be lost.
public struct WeightAverage: Sendable {
  /// What decides how the average moves.
  public let settings: Settings

  /// How often ``update(from:)`` was called.
  public internal(set) var steps = 0
  /// How many weights the average is of.
  public internal(set) var updates = 0

  /// Parameters, and the buffers that the settings ask for, by path.
  package internal(set) var weights: [String: Tensor] = [:]
  /// The model's own state while it has the averages.
  var live: [String: Tensor]?

  /// Creates an average of nothing yet.
  public init(_ settings: Settings) { self.settings = settings }
}

/// What came of an update of an average.
public enum AverageOutcome: Sendable, Hashable {
  /// The average has moved.
  case updated
  /// The step is not one that the settings ask for; nothing has changed.
  case waited
  /// The parameter or buffer of this path, and perhaps later ones, has a NaN or an infinity, which would stay in the
  /// average for ever; nothing has changed.
  case refused(String)
}

extension WeightAverage {
  /// Takes note of an applied step of a run, and of the weights if this step is one that the settings ask for.
  ///
  /// Call it after applied steps only, so that skipped ones do not count. The first weights are taken over as they
  /// are, on shared memory; later ones move the average in place: one pass over each parameter that looks for NaN and
  /// infinity, and one that moves. Parameters in halves are widened for it first.
  ///
  /// - Errors: traps when the model has other parameters than before, or has the averages at the time.
  @discardableResult
  public mutating func update(from model: some Module) -> AverageOutcome {
    guard hasOwnWeights(model, "update") else { return .waited }
    return update(from: ModuleMembers(of: model))
  }

  /// The same for a model whose members are known already, and that has its own weights.
  package mutating func update(from members: ModuleMembers) -> AverageOutcome {
    guard settings.takesWeights(atStep: steps + 1) else {
      steps += 1
      return .waited
    }
    return Context.current.charging(.average) { take(settings.tensors(of: members)) }
  }

  private mutating func take(_ current: [AveragedTensor]) -> AverageOutcome {
    guard updates == 0 || (fits(current) && reserve(current)) else { return .waited }
    steps += 1
    if let path = current.firstNonFinite { return .refused(path) }
    let share = settings.rule.share(ofUpdate: updates)
    for each in current { move(each, share: share) }
    updates += 1
    return .updated
  }

  /// Whether the tensors are those that the average began with; reports it when not.
  private func fits(_ current: [AveragedTensor]) -> Bool {
    let stranger = current.first { weights[$0.path]?.shape != $0.value.shape }
    guard stranger != nil || current.count != weights.count else { return true }
    let got = stranger.map { "\($0.path) of \($0.value.shape)" } ?? "\(current.count) tensors"
    Context.current.fail(
      TensorError.argument(
        "update", expected: "the \(weights.count) tensors that the average is of", got: got))
    return false
  }

  /// Gives the averages that will move memory of their own, before any of them moves; false after reporting that there
  /// is none.
  private mutating func reserve(_ current: [AveragedTensor]) -> Bool {
    current.filter { !$0.isCopied }.allSatisfy { each in
      let (tensor, isSole) = weights.removeValue(forKey: each.path)!.owned()
      weights[each.path] = tensor
      return isSole
    }
  }

  private mutating func move(_ each: AveragedTensor, share: Double) {
    let (path, new) = (each.path, each.value)
    if each.isCopied {
      weights[path] = new
    } else if share < 1, let old = weights.removeValue(forKey: path) {
      weights[path] = (consume old).moved(toward: new, share: share)
    } else {
      weights[path] = new.cast(to: new.dtype.updateType)
    }
  }
}

extension Tensor {
  /// self + share · (value − self), in place where nobody else holds the memory.
  ///
  /// That is a step of gradient descent on half the squared distance from `value`, for which there is a fused kernel.
  fileprivate consuming func moved(toward value: Tensor, share: Double) -> Tensor {
    var state = ParameterState()
    return SGD(weightDecay: 1).updated(
      self, gradient: value, state: &state, learningRate: share, gradientScale: -1)
  }
}
