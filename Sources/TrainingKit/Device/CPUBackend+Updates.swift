package import CTrainingKernels

extension CPUBackend {
  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) {
    forEachRange(of: parameter, states) { states, begin, end in
      tk_update_run(
        row, parameter.dtype.kernel, scalars, parameter.address, gradient.address, states, begin,
        end)
    }
  }

  package func update(
    _ row: tk_update, _ scalars: [Double], half weights: HalfWeights, gradient: Tensor,
    states: [Tensor]
  ) {
    let compensation = weights.compensation?.address.assumingMemoryBound(to: Int16.self)
    let kernel = tk_half_weights(
      elements: weights.elements.address, compensation: compensation,
      dtype: weights.elements.dtype.kernel, rounding: weights.rounding,
      generator: weights.generator)
    withUnsafePointer(to: kernel) { kernel in
      forEachRange(of: weights.elements, states) { states, begin, end in
        tk_update_run_half(
          row, scalars, kernel, gradient.dtype.kernel, gradient.address, states, begin, end)
      }
    }
  }

  private func forEachRange(
    of parameter: Tensor, _ states: [Tensor],
    _ body: (UnsafePointer<UnsafeMutableRawPointer?>?, _ begin: Int64, _ end: Int64) -> Void
  ) {
    states.map { Optional($0.address) }.withUnsafeBufferPointer { memory in
      parallelFor(parameter.count, grain: CPUBackend.grain) { begin, end in
        body(memory.baseAddress, Int64(begin), Int64(end))
      }
    }
  }
}
