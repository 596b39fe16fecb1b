extension Tensor {
  /// The first half of an axis times a function of the second half, the gate.
  ///
  ///     let y = linear(x).glu(.swiGLU)      // linear: features → 2 hidden
  ///
  /// - Shape: the axis becomes half as long.
  /// - Errors: traps when the extent of the axis is odd.
  /// - Source: Dauphin et al. 2017, arXiv:1612.08083; Shazeer 2020, arXiv:2002.05202, eq. 4 and 5.
  public func glu(_ variant: GLUVariant = .glu, axis: Int = -1) -> Tensor {
    checked { () throws(TensorError) in
      try expectFloatingPoint("glu")
      guard let place = shape.normalized(axis) else { throw .axis("glu", axis, of: shape) }
      guard shape[place].isMultiple(of: 2) else {
        throw .shape("glu", expected: "an even extent of axis \(place)", got: shape)
      }
      let halves = split(into: 2, axis: place)
      return halves[0] * variant.gate(halves[1])
    }
  }
}

/// What gates a gated linear unit.
public enum GLUVariant: Sendable, Hashable, CaseIterable {
  /// The logistic sigmoid.
  case glu
  /// ``Tensor/silu()``, as in Llama.
  case swiGLU
  /// ``Tensor/gelu(_:)``, as in T5.
  case geGLU
  /// ``Tensor/relu()``.
  case reGLU

  fileprivate func gate(_ x: Tensor) -> Tensor {
    switch self {
    case .glu: x.sigmoid()
    case .swiGLU: x.silu()
    case .geGLU: x.gelu()
    case .reGLU: x.relu()
    }
  }
}
