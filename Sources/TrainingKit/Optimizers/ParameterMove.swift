internal import CTrainingKernels

/// One parameter and how it is to be moved, worked out once a step.
package struct ParameterRule {
  package let named: NamedParameter
  package let rule: UpdateRule
  /// What is kept of the parameter.
  fileprivate let slots: [StateSlot]
  fileprivate let dtype: DType

  fileprivate init(_ named: NamedParameter, _ rule: UpdateRule) {
    let value = named.parameter.value
    (self.named, self.rule) = (named, rule)
    (slots, dtype) = (rule.slots(for: value), value.dtype)
  }

  /// Whether the update is one pass that rounds nothing, at the learning rate of all.
  var isPlain: Bool { rule.isOnePass && !isRounded && rule.learningRateFactor == 1 }

  /// What a plan knows of the parameter.
  var planned: PlannedParameter {
    PlannedParameter(
      named, states: slots.map(\.name), dtype, stateTypes: slots.map { $0.dtype ?? dtype })
  }

  /// Whether the parameter or its state is in half precision.
  fileprivate var isRounded: Bool { dtype.isHalf || slots.contains(where: \.isHalf) }

  /// Whether the update needs memory for one tensor beside the parameter and its state.
  fileprivate var needsRoom: Bool { rule.needsRoom && !isRounded }
}

extension Optimizer {
  /// How parameters are to be moved.
  package func rules(for parameters: [NamedParameter]) -> [ParameterRule] {
    parameters.map { ParameterRule($0, rule(for: $0)) }
  }
}

/// One parameter, its gradient, and how it is to be moved.
package struct ParameterMove {
  fileprivate let rule: ParameterRule
  fileprivate let gradient: Tensor
  /// What the gradient is multiplied by.
  fileprivate let factor: Double

  package init(_ rule: ParameterRule, _ gradient: Tensor, factor: Double) {
    self.rule = rule
    self.gradient = gradient.prepared(for: rule.dtype)
    self.factor = factor
  }

  var named: NamedParameter { rule.named }
}

extension Optimizer {
  /// Moves all, or none after reporting why.
  package mutating func moveAll(_ moves: [ParameterMove], learningRate: Double) {
    // Memory first; then what may fail still, of which the old values are kept; then what cannot.
    let home = StateHome.current
    guard moves.allSatisfy({ reserve($0, home) }) else { return forgetUnused(moves) }
    let roomy = moves.filter(\.rule.needsRoom)
    let room = UpdateRoom(for: roomy)
    guard roomy.isEmpty || room != nil, moveRisky(moves, learningRate) else {
      return forgetUnused(moves)
    }
    UpdateQueue.gathering {
      for each in moves where each.rule.rule.isOnePass { move(each, learningRate: learningRate) }
    }
    guard let room else { return }
    Context.current.scoping(room) {
      for each in roomy { move(each, learningRate: learningRate) }
    }
  }

  /// Moves those whose updates may lack memory on their way; none of them, and false, when one does.
  private mutating func moveRisky(_ moves: [ParameterMove], _ learningRate: Double) -> Bool {
    let context = Context.current
    var old: [(move: ParameterMove, value: Tensor, state: ParameterState?)] = []
    for each in moves where !each.rule.rule.isOnePass && !each.rule.needsRoom {
      old.append((each, each.named.parameter.value.detached(), states[each.named.path]))
      move(each, learningRate: learningRate)
      if !context.hasFailed { settle([each.rule]) }
      guard context.hasFailed else { continue }
      for (move, value, state) in old {
        (move.named.parameter.value, states[move.named.path]) = (value, state)
      }
      return false
    }
    return true
  }

  /// Has the states of parameters lie where the next update wants them, in the dtype that it wants, as far as memory
  /// goes. Before a step takes memory of its own, that is where there is the most room for it.
  package mutating func settle(_ rules: [ParameterRule]) {
    let home = StateHome.current
    for rule in rules {
      let isSettled = states[rule.named.path]?.settle(rule.slots, rule.dtype.updateType, home)
      guard isSettled ?? true else { return }
    }
  }

  /// Lets go of states that were reserved for a first update.
  private mutating func forgetUnused(_ moves: [ParameterMove]) {
    for each in moves where states[each.named.path]?.step == 0 { states[each.named.path] = nil }
  }

  /// Gives one parameter and its state memory that nobody else holds, without changing values; false after reporting
  /// that there is none, or that the gradient has another shape.
  private mutating func reserve(_ move: ParameterMove, _ home: StateHome) -> Bool {
    let parameter = move.named.parameter
    let value = parameter.value
    guard move.gradient.shape == value.shape else {
      Context.current.fail(
        TensorError.shape(
          "update", expected: "a gradient of \(value.shape) for \(move.named.path)",
          got: move.gradient.shape))
      return false
    }
    guard !move.gradient.isHollow else { return false }
    _ = consume value
    return parameter.ownValue()
      && withState(of: move.named.path) {
        $0.reserve(move.rule.slots, move.rule.dtype.updateType, home)
      }
  }

  /// Moves one parameter.
  private mutating func move(_ move: ParameterMove, learningRate: Double) {
    let (path, parameter, rule) = (move.named.path, move.named.parameter, move.rule.rule)
    withState(of: path) { state in
      state.step += 1
      let step = UpdateStep(
        number: state.step, learningRate: learningRate * rule.learningRateFactor,
        gradientScale: move.factor)
      let rounding = UpdateRounding(rule, path: path, step: step.number)
      parameter.update { (value: consuming Tensor) in
        guard move.rule.isRounded else {
          return rule.optimizer.updated(
            value, gradient: move.gradient, state: &state, learningRate: step.learningRate,
            gradientScale: move.factor)
        }
        let slots = move.rule.slots.filter { $0.name != StateSlot.compensation }
        return rule.optimizer.rounded(value, move.gradient, &state, slots, step, rounding)
      }
    }
  }

  /// The state is changed where it is, so that its tensors have one owner and can be overwritten.
  private mutating func withState<Result>(
    of path: String, _ body: (inout ParameterState) -> Result
  ) -> Result {
    body(&states[path, default: ParameterState()])
  }
}

extension Optimizer {
  /// The value after one update of a parameter that is, or whose state is, in half precision: in one pass where the
  /// update is a row of the table, else through float32.
  fileprivate func rounded(
    _ value: consuming Tensor, _ gradient: Tensor, _ state: inout ParameterState,
    _ slots: [StateSlot], _ step: UpdateStep, _ rounding: UpdateRounding
  ) -> Tensor {
    if let fused = self as? any FusedUpdating {
      return fused.fusedUpdate(step)(
        value, gradient: gradient, state: &state, slots, rounding: rounding)
    }
    guard let halves = state.widen(slots) else { return value }
    var moving = consume value
    let result = Context.current.scoping(halves.isEmpty ? StateHome.current : .anywhere) {
      updatedThroughFloat32(moving.take(), gradient, &state, step, rounding)
    }
    state.narrow(to: halves, rounding)
    return result
  }

  private func updatedThroughFloat32(
    _ value: consuming Tensor, _ gradient: Tensor, _ state: inout ParameterState,
    _ step: UpdateStep, _ rounding: UpdateRounding
  ) -> Tensor {
    guard value.dtype.isHalf else {
      return updated(
        value, gradient: gradient, state: &state, learningRate: step.learningRate,
        gradientScale: step.gradientScale)
    }
    let wide = Tensor.fresh("update", value.shape, value.dtype.updateType) { _, _ in }
    if wide.isHollow { return value }
    let value = FusedUpdate(tk_update_widen)(
      value, gradient: gradient, state: &state, direction: wide, rounding: rounding)
    let result = updated(
      consume wide, gradient: gradient, state: &state, learningRate: step.learningRate,
      gradientScale: step.gradientScale)
    return FusedUpdate(tk_update_assign)(
      value, gradient: result, state: &state, rounding: rounding)
  }
}

extension ParameterState {
  /// Makes the slots in half precision float32 and gives what they were; nil when there is no memory for that.
  fileprivate mutating func widen(_ slots: [StateSlot]) -> [String: Tensor]? {
    var halves: [String: Tensor] = [:]
    for slot in slots where slot.isHalf {
      let half = tensors.removeValue(forKey: slot.name)!
      let wide = half.cast(to: .float32)
      if wide.isHollow { return nil }
      (halves[slot.name], tensors[slot.name]) = (half, wide)
    }
    return halves
  }

  /// Rounds them to memory of what they were.
  fileprivate mutating func narrow(
    to halves: consuming [String: Tensor], _ rounding: UpdateRounding
  ) {
    for name in Array(halves.keys) {
      let (half, isSole) = Context.current.allocating(in: StateHome.current.pool) {
        halves.removeValue(forKey: name)!.owned()
      }
      let wide = tensors.updateValue(half, forKey: name)?.prepared(for: .bfloat16)
      guard isSole, half.count > 0, let wide, wide.shape == half.shape, !wide.isHollow else {
        continue
      }
      FusedUpdate(tk_update_assign).write(into: rounding.state(name, half), gradient: wide)
    }
  }
}
