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

extension Tensor {
  /// Whether kernels that write this tensor do so past the caches.
  var isFar: Bool { tk_is_far(Int64(form.byteCount)) }
}

extension tk_space {
  init(_ rank: Int, _ lanes: Lanes) {
    self.init(rank: Int32(rank), shape: lanes.kernel)
  }
}

extension Lanes {
  /// The numbers as C sees them.
  var kernel: (Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64) {
    unsafeBitCast(self, to: (Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64).self)
  }
}

extension tk_operand {
  /// The tensor repeated over the shape of a form, which it broadcasts to.
  init(_ tensor: Tensor, over target: TensorForm) {
    let form = tensor.form
    self.init(
      tensor,
      strides: form === target
        ? form.layout.strides : form.layout.strides(over: target.layout.shape))
  }

  init(_ tensor: Tensor, strides: Lanes) {
    self.init(
      data: tensor.isHollow ? nil : tensor.address, dtype: tensor.dtype.kernel,
      strides: strides.kernel)
  }
}

/// A space and its operands, of which the first is written. Kernels join axes by themselves.
struct PointwiseArguments {
  private let space: tk_space
  private var operands: (tk_operand, tk_operand, tk_operand, tk_operand)
  private let count: Int

  /// The space of a result, which lies in any order.
  init(_ y: Tensor) {
    let form = y.form
    space = tk_space(form.layout.shape.rank, form.layout.shape.lanes)
    count = form.count
    operands = (tk_operand(y, over: form), tk_operand(), tk_operand(), tk_operand())
  }

  init(_ y: Tensor, _ a: Tensor) {
    self.init(y)
    operands.1 = tk_operand(a, over: y.form)
  }

  init(_ y: Tensor, _ a: Tensor, _ b: Tensor) {
    self.init(y, a)
    operands.2 = tk_operand(b, over: y.form)
  }

  init(_ y: Tensor, _ a: Tensor, _ b: Tensor, _ c: Tensor) {
    self.init(y, a, b)
    operands.3 = tk_operand(c, over: y.form)
  }

  /// Runs a kernel over pieces of the space.
  func run(
    _ kernel: (
      UnsafePointer<tk_space>, UnsafePointer<tk_operand>, _ begin: Int64, _ end: Int64
    ) -> Void
  ) {
    withOperands { space, operands in
      parallelFor(count, grain: CPUBackend.grain) { begin, end in
        kernel(space, operands, Int64(begin), Int64(end))
      }
    }
  }

  func withOperands(_ body: (UnsafePointer<tk_space>, UnsafePointer<tk_operand>) -> Void) {
    withUnsafePointer(to: space) { space in
      withUnsafeBytes(of: operands) { operands in
        body(space, operands.baseAddress!.assumingMemoryBound(to: tk_operand.self))
      }
    }
  }
}
