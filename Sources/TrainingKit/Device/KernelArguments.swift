package import CTrainingKernels

extension DType {
  package var kernel: tk_dtype { tk_dtype(rawValue: rawValue) }

  /// What arithmetic on this dtype is done in.
  package var compute: tk_compute {
    switch self {
    case .float64: tk_real64
    case .float32, .float16, .bfloat16: tk_real32
    default: tk_integer64
    }
  }
}

extension tk_space {
  init(_ rank: Int, _ lanes: SIMD8<Int>) {
    self.init(rank: Int32(rank), shape: unsafeBitCast(lanes, to: Extents.self))
  }
}

/// Eight extents or strides as C sees them.
typealias Extents = (Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64)

extension tk_operand {
  init(_ tensor: Tensor, strides: SIMD8<Int>) {
    self.init(
      data: tensor.isHollow ? nil : tensor.address, dtype: tensor.dtype.kernel,
      strides: unsafeBitCast(strides, to: Extents.self))
  }
}

/// A space and its operands with axes merged where every operand's strides allow it.
struct PointwiseArguments {
  var space: tk_space
  var operands: [tk_operand]
  let count: Int

  init(_ tensors: Tensor..., shape: Shape) {
    let count = shape.count
    if tensors.allSatisfy({ $0.shape == shape && $0.layout.isContiguous }) {
      self.init(flat: tensors, count: count)
    } else {
      self.init(merging: tensors, over: shape, count: count)
    }
  }

  private init(flat tensors: [Tensor], count: Int) {
    self.count = count
    var one = SIMD8<Int>(repeating: 0)
    one[0] = 1
    var lanes = SIMD8<Int>(repeating: 1)
    lanes[0] = count
    space = tk_space(1, lanes)
    operands = tensors.map { tk_operand($0, strides: one) }
  }

  private init(merging tensors: [Tensor], over shape: Shape, count: Int) {
    self.count = count
    let strides = tensors.map { $0.layout.broadcast(to: shape).strides }
    var lanes = SIMD8<Int>(repeating: 1)
    var merged = strides.map { _ in SIMD8<Int>(repeating: 0) }
    var rank = 0
    for axis in 0..<shape.rank where shape.lanes[axis] != 1 {
      let extent = shape.lanes[axis]
      let nests =
        rank > 0
        && strides.indices.allSatisfy { merged[$0][rank - 1] == strides[$0][axis] * extent }
      if !nests { rank += 1 }
      lanes[rank - 1] = nests ? lanes[rank - 1] * extent : extent
      for operand in strides.indices { merged[operand][rank - 1] = strides[operand][axis] }
    }
    space = tk_space(rank, lanes)
    operands = zip(tensors, merged).map { tk_operand($0, strides: $1) }
  }
}
