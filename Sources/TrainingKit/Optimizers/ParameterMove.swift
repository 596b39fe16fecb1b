internal import CTrainingKernels

/// One parameter, its gradient, and how it is to be moved.
package struct ParameterMove {
  package let named: NamedParameter
  package let gradient: Tensor
  package let rule: UpdateRule

  package init(_ named: NamedParameter, _ gradient: Tensor, _ rule: UpdateRule) {
    self.named = named
    self.gradient = gradient.prepared(for: named.parameter.value.dtype)
    self.rule = rule
  }
}

extension Optimizer {
  /// Gives one parameter and its state memory that nobody else holds, without changing values; false after reporting
  /// that there is none, or that the gradient has another shape.
  package mutating func reserve(_ move: ParameterMove) -> Bool {
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
    guard isReserved, withState(of: move.named.path, { $0.reserve(slots, dtype) }) else {
      if states[move.named.path]?.step == 0 { states[move.named.path] = nil }
      return false
    }
    return true
  }

  /// Moves one parameter.
  package mutating func move(_ move: ParameterMove, learningRate: Double, gradientScale: Double) {
    let (path, parameter, rule) = (move.named.path, move.named.parameter, move.rule)
    withState(of: path) { state in
      state.step += 1
      let step = UpdateStep(
        number: state.step, learningRate: learningRate * rule.learningRateFactor,
        gradientScale: gradientScale)
      parameter.update { (value: consuming Tensor) in
        guard value.dtype.isHalf else {
          return rule.optimizer.updated(
            value, gradient: move.gradient, state: &state, learningRate: step.learningRate,
            gradientScale: gradientScale)
        }
        let rounding = WeightRounding(
          rule.rounding, path: path, step: step.number, count: value.count)
        return rule.optimizer.rounded(value, move.gradient, &state, step, rounding)
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
  /// The value of a parameter in half precision after one update: in one pass where the update is a row of the table,
  /// else through float32.
  fileprivate func rounded(
    _ value: consuming Tensor, _ gradient: Tensor, _ state: inout ParameterState,
    _ step: UpdateStep, _ rounding: WeightRounding
  ) -> Tensor {
    if let fused = self as? any FusedUpdating {
      let slots = slots(for: value.shape)
      return fused.fusedUpdate(step)(
        value, gradient: gradient, state: &state, slots, rounding: rounding)
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
