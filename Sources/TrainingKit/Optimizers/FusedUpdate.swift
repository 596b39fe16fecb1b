package import CTrainingKernels

/// A row of the update table with the scalars of one step: one pass over a parameter and its state.
package struct FusedUpdate {
  private let row: tk_update
  private let scalars: [Double]

  /// The scalars of the row but for its last, which is the scale of the gradient.
  package init(_ row: tk_update, _ scalars: Double..., gradientScale: Double = 1) {
    precondition(scalars.count + 1 == tk_update_describe(row).scalars, "defect: scalars of a row")
    self.row = row
    self.scalars = scalars + [gradientScale]
  }

  /// The value after the update, written in place where nobody else holds the memory; the old value when there is no
  /// memory for a new one.
  ///
  /// - Parameters:
  ///   - slots: the row's states in its order.
  ///   - direction: memory that nobody else reads, the last of the row's states.
  /// - Numerics: arithmetic in float32 where the parameter or a slot is in half precision, else in the parameter's
  ///   dtype.
  package func callAsFunction(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState,
    _ slots: [StateSlot] = [], direction: Tensor? = nil, rounding: UpdateRounding = .nearest
  ) -> Tensor {
    let dtype = value.dtype
    let gradient = gradient.prepared(for: dtype)
    guard state.reserve(slots, dtype.updateType), !gradient.isHollow else { return value }
    let (target, isSole) = value.owned()
    guard isSole, target.count > 0 else { return target }
    if dtype.isHalf || slots.contains(where: \.isHalf) {
      write(
        into: rounding.weights(target, state), gradient: gradient,
        slots.map { rounding.state($0.name, state.tensors[$0.name]!) }
          + (direction.map { [RoundedTensor($0)] } ?? []))
    } else {
      let states = slots.map { state.tensors[$0.name]! } + (direction.map { [$0] } ?? [])
      write(into: target, gradient: gradient, states)
    }
    return target
  }

  /// The same of memory that is known to be there.
  func write(_ addresses: UpdateAddresses, on backend: CPUBackend) {
    backend.update(row, scalars, addresses)
  }

  /// The same for a target in half precision that nobody else reads.
  func write(into target: RoundedTensor, gradient: Tensor, _ states: [RoundedTensor] = []) {
    guard target.elements.isReachable(by: "update"), gradient.isReachable(by: "update"),
      states.allSatisfy({ $0.elements.isReachable(by: "update") })
    else { return }
    let context = Context.current
    if context.backend.updatesTogether {
      return UpdateQueue.run(
        .rounded(row, scalars, weights: target, gradient: gradient, states: states))
    }
    context.run("update") { (backend) throws(DeviceFault) in
      try backend.update(row, scalars, rounded: target, gradient: gradient, states: states)
    }
  }

  /// The same for a target that nobody else reads, although others may hold it.
  func write(into target: Tensor, gradient: Tensor, _ states: [Tensor]) {
    guard target.count > 0, target.isReachable(by: "update"), gradient.isReachable(by: "update"),
      states.allSatisfy({ $0.isReachable(by: "update") })
    else { return }
    let context = Context.current
    if context.backend.updatesTogether {
      return UpdateQueue.run(
        .plain(row, scalars, parameter: target, gradient: gradient, states: states))
    }
    context.run("update") { (backend) throws(DeviceFault) in
      try backend.update(row, scalars, parameter: target, gradient: gradient, states: states)
    }
  }
}

/// The settings of one step.
package struct UpdateStep: Equatable {
  /// The number of the update, from 1.
  package let number: Int
  package let learningRate, gradientScale: Double
}

/// An optimizer whose whole update is one row of the table.
package protocol FusedUpdating where Self: Optimizer {
  func fusedUpdate(_ step: UpdateStep) -> FusedUpdate
}

extension FusedUpdating {
  /// This optimizer for every parameter.
  public func rule(for parameter: NamedParameter) -> UpdateRule {
    UpdateRule(self, isOnePass: true, needsRoom: false)
  }

  /// The value of a parameter after one update.
  public func updated(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState, learningRate: Double,
    gradientScale: Double
  ) -> Tensor {
    let step = UpdateStep(
      number: state.step, learningRate: learningRate, gradientScale: gradientScale)
    let slots = slots(for: value.shape)
    return fusedUpdate(step)(value, gradient: gradient, state: &state, slots)
  }
}

extension DType {
  /// What parameters of this dtype are updated in.
  package var updateType: DType { self == .float64 ? .float64 : .float32 }
}

extension Tensor {
  /// The gradient as the update of a parameter reads it.
  package func prepared(for dtype: DType) -> Tensor {
    let isRead = self.dtype == dtype || self.dtype == dtype.updateType
    return detached().cast(to: isRead ? self.dtype : dtype.updateType).contiguous()
  }
}
