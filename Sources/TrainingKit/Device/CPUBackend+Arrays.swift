package import CTrainingKernels
internal import CTrainingRuntime

extension CPUBackend {
  package func matmul(_ a: Tensor, _ b: Tensor, into c: Tensor) throws(DeviceFault) {
    try MatrixProduct(a, b, into: c).run(in: pool)
  }

  package func attention(_ heads: AttentionProduct, into y: Tensor) throws(DeviceFault) {
    try heads.run(in: pool, into: y)
  }

  package func attentionBackward(
    _ heads: AttentionProduct, gradient: Tensor, into results: [Tensor]
  ) throws(DeviceFault) {
    try heads.runBackward(in: pool, gradient: gradient, into: results)
  }

  package func gather(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) {
    withUnsafePointer(to: index.kernel) { kernel in
      let grain = max(1, CPUBackend.grain / max(1, index.inner))
      parallelFor(index.outer * index.count, grain: grain) { begin, end in
        tk_gather(
          x.dtype.kernel, kernel, Int64(x.shape[axis]), x.address, y.address, Int64(begin),
          Int64(end))
      }
    }
  }

  package func scatterAdd(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) {
    withUnsafePointer(to: index.kernel) { kernel in
      // Neighbours of a row are written together, so that lines are not brought in many times.
      let grain = max(64, CPUBackend.grain / max(1, index.count))
      parallelFor(index.outer * index.inner, grain: grain) { begin, end in
        tk_scatter_add(
          x.dtype.kernel, kernel, Int64(y.shape[axis]), x.address, y.address, Int64(begin),
          Int64(end))
      }
    }
  }

  package func convolve(_ work: ConvolutionWork) throws(DeviceFault) { try work.run(in: pool) }

  package func unfold(
    _ window: tk_window, padding: Double, _ images: Tensor, into columns: Tensor
  ) {
    withUnsafePointer(to: window) { window in
      parallelFor(planes(window.pointee), grain: planeGrain(window.pointee)) { begin, end in
        tk_unfold(
          window, images.dtype.kernel, padding, images.address, columns.address, Int64(begin),
          Int64(end))
      }
    }
  }

  package func fold(_ window: tk_window, _ columns: Tensor, into images: Tensor) {
    withUnsafePointer(to: window) { window in
      parallelFor(planes(window.pointee), grain: planeGrain(window.pointee)) { begin, end in
        tk_fold(
          window, images.dtype.kernel, columns.address, images.address, Int64(begin), Int64(end))
      }
    }
  }

  private func planes(_ window: tk_window) -> Int { Int(window.count * window.channels) }

  private func planeGrain(_ window: tk_window) -> Int {
    let columns = window.kernel_height * window.kernel_width * window.out_height * window.out_width
    return max(1, CPUBackend.grain / max(1, Int(columns)))
  }

  package func random(_ distribution: Distribution, _ generator: tk_philox, into y: Tensor) {
    parallelFor(y.count, grain: CPUBackend.grain / 2) { begin, end in
      let (begin, end) = (Int64(begin), Int64(end))
      switch distribution {
      case .uniform(let lower, let upper):
        tk_philox_uniform(generator, y.dtype.kernel, lower, upper, y.address, begin, end)
      case .normal(let mean, let deviation):
        tk_philox_normal(generator, y.dtype.kernel, mean, deviation, y.address, begin, end)
      case .integer(let lower, let upper):
        let memory = y.address.assumingMemoryBound(to: Int64.self)
        tk_philox_integer(generator, Int64(lower), Int64(upper), memory, begin, end)
      case .bernoulli(let probability, let value):
        tk_philox_bernoulli(
          generator, y.dtype.kernel, probability, value, y.address, begin, end)
      }
    }
  }
}

extension CPUBackend {
  package func dropout(
    _ x: Tensor, probability: Double, value: Double, _ generator: tk_philox, into y: Tensor
  ) {
    parallelFor(y.count, grain: CPUBackend.grain) { [isFar = y.isFar] begin, end in
      tk_philox_dropout(
        generator, y.dtype.kernel, probability, value, x.address, y.address, isFar, Int64(begin),
        Int64(end))
    }
  }
}

extension CPUBackend {
  package func check(_ indices: Tensor, _ rule: IndexRule) -> TensorError? {
    let list = indices.address.assumingMemoryBound(to: Int64.self)
    guard let ignored = rule.ignored else {
      let view = IndexView(
        indices, outer: 1, count: indices.count, inner: 1, outerStride: 0, axisStride: 1,
        innerStride: 0)
      let position = withUnsafePointer(to: view.kernel) { tk_index_check($0, Int64(rule.limit)) }
      return position < 0 ? nil : rule.mistake(list[Int(position)])
    }
    let range = 0..<Int64(rule.limit)
    return UnsafeBufferPointer(start: list, count: indices.count)
      .first { !range.contains($0) && $0 != ignored }.map(rule.mistake)
  }
}

extension IndexView {
  fileprivate var kernel: tk_index {
    tk_index(
      data: indices.address.assumingMemoryBound(to: Int64.self), outer_stride: Int64(outerStride),
      axis_stride: Int64(axisStride), inner_stride: Int64(innerStride), outer: Int64(outer),
      count: Int64(count), inner: Int64(inner))
  }
}
