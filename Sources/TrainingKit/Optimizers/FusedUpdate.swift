package import CTrainingKernels

/// A row of the update table with the scalars of one step: one pass over a parameter and its state.
package struct FusedUpdate {
  private let row: tk_update
  private let scalars: [Double]

  /// The scalars of the row but for its last, which is the scale of the gradient.
  package init(_ row: tk_update, _ scalars: Double..., gradientScale: Double) {
    self.row = row
    self.scalars = scalars + [gradientScale]
  }

  /// The value after the update, written in place where nobody else holds the memory; the old value when there is no
  /// memory for a new one.
  ///
  /// - Parameter names: the row's states in its order; those that the state lacks start at zero.
  /// - Numerics: arithmetic and state in float32 for halves, else in the parameter's dtype.
  package func callAsFunction(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState, _ names: [String] = []
  ) -> Tensor {
    let (shape, dtype) = (value.shape, value.dtype)
    let gradient = gradient.detached().cast(to: dtype.updateType).contiguous()
    guard state.reserve(names, shape, dtype.updateType), !gradient.isHollow else { return value }
    if dtype != dtype.updateType {
      let wide = value.cast(to: dtype.updateType)
      return wide.isHollow ? value : self(wide, gradient, state, names).cast(to: dtype)
    }
    let (target, isSole) = value.owned()
    return isSole ? self(target, gradient, state, names) : target
  }

  private func callAsFunction(
    _ target: Tensor, _ gradient: Tensor, _ state: ParameterState, _ names: [String]
  ) -> Tensor {
    guard target.count > 0 else { return target }
    target.device.backend.update(
      row, scalars, parameter: target, gradient: gradient, states: names.map { state.tensors[$0]! })
    return target
  }
}

extension DType {
  /// What parameters of this dtype are updated in.
  package var updateType: DType { self == .float64 ? .float64 : .float32 }
}

extension ParameterState {
  /// Gives the named tensors memory that nobody else holds; false when there is not enough of it.
  package mutating func reserve(_ names: [String], _ shape: Shape, _ dtype: DType) -> Bool {
    for name in names {
      var kept = tensors.removeValue(forKey: name) ?? Tensor.zeros(shape, dtype: dtype)
      if kept.dtype != dtype { kept = kept.cast(to: dtype) }
      // Consumed, because a second reference would have it copied.
      let (tensor, isSole) = (consume kept).owned()
      if !tensor.isHollow { tensors[name] = tensor }
      guard isSole else { return false }
    }
    return true
  }
}

extension Tensor {
  /// This value on memory that nobody else holds, copied if need be; as it is and `false` when there is no memory for
  /// the copy.
  package consuming func owned() -> (tensor: Tensor, isSole: Bool) {
    let (layout, dtype) = (layout, dtype)
    var body = self.body
    _ = consume self
    guard isKnownUniquelyReferenced(&body), layout.isContiguous, var storage = body.storage else {
      return Tensor(body).copiedIfPossible()
    }
    _ = consume body
    let isSole = isKnownUniquelyReferenced(&storage)
    let tensor = Tensor(storage: storage, layout: layout, dtype: dtype)
    return isSole ? (tensor, true) : tensor.copiedIfPossible()
  }

  private func copiedIfPossible() -> (tensor: Tensor, isSole: Bool) {
    let copy = copied()
    return copy.isHollow ? (self, false) : (copy, true)
  }
}
