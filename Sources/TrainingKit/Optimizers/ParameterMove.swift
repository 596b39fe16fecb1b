internal import CTrainingKernels

/// One parameter, its gradient, and how it is to be moved.
package struct ParameterMove {
  package let named: NamedParameter
  package let gradient: Tensor
  package let rule: UpdateRule
  /// What the gradient is multiplied by.
  package let factor: Double

  package init(
    _ named: NamedParameter, _ gradient: Tensor, _ rule: UpdateRule, factor: Double
  ) {
    self.named = named
    self.gradient = gradient.prepared(for: named.parameter.value.dtype)
    self.rule = rule
    self.factor = factor
  }

  /// Whether the update needs memory for one tensor beside the parameter and its state.
  fileprivate var needsRoom: Bool {
    rule.optimizer is any OneRoomUpdating && !isRounded
  }

  /// Whether the parameter or its state is in half precision.
  private var isRounded: Bool {
    let value = named.parameter.value
    return value.dtype.isHalf || rule.slots(for: value).contains(where: \.isHalf)
  }

  /// Whether the update needs no memory beside the parameter and its state.
  fileprivate var isOnePass: Bool { rule.optimizer is any FusedUpdating }
}

extension Optimizer {
  /// Moves all, or none after reporting why.
  package mutating func moveAll(_ moves: [ParameterMove], learningRate: Double) {
    // Memory first; then what may fail still, of which the old values are kept; then what cannot.
    guard moves.allSatisfy({ reserve($0) }) else { return forgetUnused(moves) }
    let (roomy, safe) = (moves.filter(\.needsRoom), moves.filter(\.isOnePass))
    let room = UpdateRoom(for: roomy)
    guard roomy.isEmpty || room != nil, moveRisky(moves, learningRate) else {
      return forgetUnused(moves)
    }
    for each in safe { move(each, learningRate: learningRate) }
    guard let room else { return }
    Context.current.scoping(room) {
      for each in roomy { move(each, learningRate: learningRate) }
    }
  }

  /// Moves those whose updates may lack memory on their way; none of them, and false, when one does.
  private mutating func moveRisky(_ moves: [ParameterMove], _ learningRate: Double) -> Bool {
    let context = Context.current
    var old: [(move: ParameterMove, value: Tensor, state: ParameterState?)] = []
    for each in moves where !each.isOnePass && !each.needsRoom {
      old.append((each, each.named.parameter.value.detached(), states[each.named.path]))
      move(each, learningRate: learningRate)
      if !context.hasFailed { settle([each.named]) }
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
  package mutating func settle(_ parameters: [NamedParameter]) {
    for named in parameters where states[named.path] != nil {
      let value = named.parameter.value
      let slots = rule(for: named).slots(for: value)
      guard withState(of: named.path, { $0.settle(slots, value.dtype.updateType) }) else { return }
    }
  }

  /// Lets go of states that were reserved for a first update.
  private mutating func forgetUnused(_ moves: [ParameterMove]) {
    for each in moves where states[each.named.path]?.step == 0 { states[each.named.path] = nil }
  }

  /// Gives one parameter and its state memory that nobody else holds, without changing values; false after reporting
  /// that there is none, or that the gradient has another shape.
  private mutating func reserve(_ move: ParameterMove) -> Bool {
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
    let (slots, dtype) = (move.rule.slots(for: value), value.dtype.updateType)
    _ = consume value
    var isReserved = true
    parameter.update { (value: consuming Tensor) in
      let (tensor, isSole) = value.owned()
      isReserved = isSole
      return tensor
    }
    return isReserved && withState(of: move.named.path) { $0.reserve(slots, dtype) }
  }

  /// Moves one parameter.
  private mutating func move(_ move: ParameterMove, learningRate: Double) {
    let (path, parameter, rule) = (move.named.path, move.named.parameter, move.rule)
    withState(of: path) { state in
      state.step += 1
      let step = UpdateStep(
        number: state.step, learningRate: learningRate * rule.learningRateFactor,
        gradientScale: move.factor)
      let rounding = UpdateRounding(rule, path: path, step: step.number)
      parameter.update { (value: consuming Tensor) in
        let slots = rule.slots(for: value).filter { $0.name != StateSlot.compensation }
        guard value.dtype.isHalf || slots.contains(where: \.isHalf) else {
          return rule.optimizer.updated(
            value, gradient: move.gradient, state: &state, learningRate: step.learningRate,
            gradientScale: move.factor)
        }
        return rule.optimizer.rounded(value, move.gradient, &state, slots, step, rounding)
      }
    }
  }

  /// The state is taken out meanwhile, so that its tensors have one owner and can be overwritten.
  private mutating func withState<Result>(
    of path: String, _ body: (inout ParameterState) -> Result
  ) -> Result {
    var state = states.removeValue(forKey: path) ?? ParameterState()
    defer { states[path] = state }
    return body(&state)
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
