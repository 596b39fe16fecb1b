package import CTrainingKernels

/// The processor's kernels: cuts work into pieces whose bounds depend on sizes alone and hands them to the pool.
package final class CPUBackend: Backend {
  package static let shared = CPUBackend(pool: .ofTheProcessor())
  package let pool: MemoryPool

  package init(pool: MemoryPool) { self.pool = pool }

  package var isPaper: Bool { false }
  package var deviceNumber: Int? { 0 }
  package func pool(for file: MemoryPool) -> MemoryPool { file }

  package func write(into y: Tensor, _ body: (UnsafeMutableRawPointer) -> Void) { body(y.address) }
  package func read(_ x: Tensor, into target: UnsafeMutableRawPointer) {
    target.copyMemory(from: x.address, byteCount: x.form.byteCount)
  }

  /// Elements of pointwise work that are worth a hand-over to another thread.
  static let grain = 1 << 14

  package func unary(
    _ row: tk_unary, compute: tk_compute, _ parameters: [Double], _ x: Tensor, into y: Tensor
  ) {
    let arguments = PointwiseArguments(y, x)
    arguments.run { space, operands, begin, end in
      tk_unary_forward(row, compute, parameters, space, operands, begin, end)
    }
  }

  package func unaryDerivative(
    _ row: tk_unary, order: Int, _ parameters: [Double], gradient: Tensor, x: Tensor, y: Tensor,
    into result: Tensor
  ) {
    let arguments = PointwiseArguments(result, gradient, x, y)
    arguments.run { space, operands, begin, end in
      tk_unary_derivative(
        row, Int32(order), result.dtype.compute, parameters, space, operands, begin, end)
    }
  }

  package func binary(
    _ row: tk_binary, compute: tk_compute, _ a: Tensor, _ b: Tensor, into y: Tensor
  ) {
    PointwiseArguments(y, a, b).run { space, operands, begin, end in
      tk_binary_forward(row, compute, space, operands, begin, end)
    }
  }

  package func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor) {
    PointwiseArguments(y, condition, a, b).run { space, operands, begin, end in
      tk_select(y.dtype.compute, space, operands, begin, end)
    }
  }

  package func copy(_ x: Tensor, into y: Tensor) {
    let arguments = PointwiseArguments(y, x)
    arguments.withOperands { space, operands in
      let tiles = tk_tile_count(space, operands)
      parallelFor(Int(tiles), grain: 4) { begin, end in
        tk_copy_tiles(space, operands, Int64(begin), Int64(end))
      }
      if tiles > 0 { return }
      parallelFor(y.count, grain: CPUBackend.grain) { begin, end in
        tk_copy(space, operands, Int64(begin), Int64(end))
      }
    }
  }

  package func fill(_ value: some TensorScalar, into y: Tensor) {
    let (real, integer) = (value.double, value.integer)
    PointwiseArguments(y).run { space, operands, begin, end in
      tk_fill(real, integer, space, operands, begin, end)
    }
  }

  package func range(start: Double, step: Double, into y: Tensor) {
    var strides = Lanes(repeating: 0)
    strides[0] = 1
    let operand = tk_operand(y, strides: strides)
    parallelFor(y.count, grain: CPUBackend.grain) { begin, end in
      tk_iota(start, step, operand, Int64(begin), Int64(end))
    }
  }
}
