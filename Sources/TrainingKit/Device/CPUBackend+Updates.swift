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

  /// The same of memory.
  package func update(_ row: tk_update, _ scalars: [Double], _ addresses: UpdateAddresses) {
    withUnsafeBytes(of: addresses.states) { states in
      let states = states.baseAddress!.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
      parallelFor(addresses.count, grain: CPUBackend.grain) { begin, end in
        tk_update_run(
          row, addresses.dtype.kernel, scalars, addresses.parameter, addresses.gradient, states,
          Int64(begin), Int64(end))
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

/// Where a parameter, its gradient and its state lie.
package struct UpdateAddresses {
  typealias Address = UnsafeMutableRawPointer

  fileprivate let dtype: DType
  fileprivate let count: Int
  fileprivate let parameter, gradient: Address
  fileprivate var states: (Address?, Address?, Address?, Address?) = (nil, nil, nil, nil)
  private var stateCount = 0

  package static let largestStateCount = 4

  package init(
    _ dtype: DType, count: Int, _ parameter: UnsafeMutableRawPointer,
    _ gradient: UnsafeMutableRawPointer
  ) {
    (self.dtype, self.count) = (dtype, count)
    (self.parameter, self.gradient) = (parameter, gradient)
  }

  /// Adds a tensor of the state, in the order of the row.
  package mutating func append(_ state: UnsafeMutableRawPointer) {
    switch stateCount {
    case 0: states.0 = state
    case 1: states.1 = state
    case 2: states.2 = state
    default: states.3 = state
    }
    stateCount += 1
  }
}
