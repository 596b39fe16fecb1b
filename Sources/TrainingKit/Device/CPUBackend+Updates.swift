package import CTrainingKernels

extension CPUBackend {
  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) {
    let states = states.map { Optional($0.address) }
    forEachRange(of: parameter, states) { states, begin, end in
      tk_update_run(
        row, parameter.dtype.kernel, scalars, parameter.address, gradient.address, states, begin,
        end)
    }
  }

  package func update(
    _ row: tk_update, _ scalars: [Double], rounded weights: RoundedTensor, gradient: Tensor,
    states: [RoundedTensor]
  ) {
    withUnsafePointer(to: weights.kernel) { kernel in
      forEachRange(of: weights.elements, states.map(\.kernel)) { states, begin, end in
        tk_update_run_rounded(
          row, scalars, kernel, gradient.dtype.kernel, gradient.address, states, begin, end)
      }
    }
  }

  private func forEachRange<State>(
    of parameter: Tensor, _ states: [State],
    _ body: (UnsafePointer<State>?, _ begin: Int64, _ end: Int64) -> Void
  ) {
    states.withUnsafeBufferPointer { states in
      parallelFor(parameter.count, grain: CPUBackend.grain) { begin, end in
        body(states.baseAddress, Int64(begin), Int64(end))
      }
    }
  }
}

extension RoundedTensor {
  fileprivate var kernel: tk_rounded {
    tk_rounded(
      elements: elements.address,
      compensation: compensation?.address.assumingMemoryBound(to: Int16.self),
      dtype: elements.dtype.kernel, rounding: rounding, generator: generator)
  }
}
