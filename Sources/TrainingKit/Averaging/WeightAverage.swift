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
  package var weights: [String: Tensor] = [:]
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
    let members = ModuleMembers(of: model)
    return reserve(for: members).map { update(from: members, in: $0) } ?? .waited
  }

  /// The same for a model whose members are known already, and that has its own weights.
  package mutating func update(from members: ModuleMembers, in room: AverageRoom) -> AverageOutcome
  {
    steps += 1
    guard settings.takesWeights(atStep: steps) else { return .waited }
    let current = settings.tensors(of: members)
    if let path = current.firstNonFinite { return .refused(path) }
    let share = settings.rule.share(ofUpdate: updates)
    for each in current { move(each, share: share, room) }
    updates += 1
    return .updated
  }

  /// Whether the tensors are those that the average began with; reports it when not.
  func fits(_ current: [AveragedTensor]) -> Bool {
    let stranger = current.first { weights[$0.path]?.shape != $0.value.shape }
    guard stranger != nil || current.count != weights.count else { return true }
    let got = stranger.map { "\($0.path) of \($0.value.shape)" } ?? "\(current.count) tensors"
    Context.current.fail(
      TensorError.argument(
        "update", expected: "the \(weights.count) tensors that the average is of", got: got))
    return false
  }

  private mutating func move(_ each: AveragedTensor, share: Double, _ room: AverageRoom) {
    let (path, new) = (each.path, each.value)
    if each.isCopied {
      weights[path] = new
    } else if share < 1, let old = weights.removeValue(forKey: path) {
      weights[path] = (consume old).moved(toward: room.widened(new), share: share)
    } else {
      weights[path] = room.takenOver(new, at: path)
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
