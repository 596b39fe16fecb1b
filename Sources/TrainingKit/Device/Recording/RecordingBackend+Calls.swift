package import CTrainingKernels

// Pointwise calls and copies.
extension RecordingBackend {
  package func write(into y: Tensor, _ body: (UnsafeMutableRawPointer) -> Void) {
    base.write(into: y, body)
    let bytes = Array(UnsafeRawBufferPointer(start: y.address, count: y.form.byteCount))
    note("Tensor", [bytes], reads: [], writes: [y]) { t in
      let y = t[0]
      return { () throws(DeviceFault) in
        y.address.copyMemory(from: bytes, byteCount: bytes.count)
      }
    }
  }

  package func unary(
    _ row: tk_unary, compute: tk_compute, _ parameters: [Double], _ x: Tensor, into y: Tensor
  ) {
    base.unary(row, compute: compute, parameters, x, into: y)
    let details: [AnyHashable] = [row.rawValue, compute.rawValue, parameters.map(\.bitPattern)]
    note("unary", details, reads: [x], writes: [y]) { t in
      let work = PreparedPointwise(t[1], t[0])
      return { () throws(DeviceFault) in
        work.run { tk_unary_forward(row, compute, parameters, $0, $1, $2, $3) }
      }
    }
  }

  package func unaryDerivative(
    _ row: tk_unary, order: Int, _ parameters: [Double], gradient: Tensor, x: Tensor, y: Tensor,
    into result: Tensor
  ) {
    base.unaryDerivative(
      row, order: order, parameters, gradient: gradient, x: x, y: y, into: result)
    let details: [AnyHashable] = [row.rawValue, order, parameters.map(\.bitPattern)]
    note("unaryDerivative", details, reads: [gradient, x, y], writes: [result]) { t in
      let (work, compute) = (PreparedPointwise(t[3], t[0], t[1], t[2]), t[3].dtype.compute)
      return { () throws(DeviceFault) in
        work.run {
          tk_unary_derivative(row, Int32(order), compute, parameters, $0, $1, $2, $3)
        }
      }
    }
  }

  package func binary(
    _ row: tk_binary, compute: tk_compute, _ a: Tensor, _ b: Tensor, into y: Tensor
  ) {
    base.binary(row, compute: compute, a, b, into: y)
    note("binary", [row.rawValue, compute.rawValue], reads: [a, b], writes: [y]) { t in
      let work = PreparedPointwise(t[2], t[0], t[1])
      return { () throws(DeviceFault) in
        work.run { tk_binary_forward(row, compute, $0, $1, $2, $3) }
      }
    }
  }

  package func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor) {
    base.select(condition, a, b, into: y)
    note("which", [], reads: [condition, a, b], writes: [y]) { t in
      let (work, compute) = (PreparedPointwise(t[3], t[0], t[1], t[2]), t[3].dtype.compute)
      return { () throws(DeviceFault) in work.run { tk_select(compute, $0, $1, $2, $3) } }
    }
  }

  package func copy(_ x: Tensor, into y: Tensor) { copyNoted(x, into: y) }

  package func fill(_ value: some TensorScalar, into y: Tensor) {
    base.fill(value, into: y)
    note("full", [value.double.bitPattern, value.integer], reads: [], writes: [y]) { t in
      let (work, real, integer) = (PreparedPointwise(t[0]), value.double, value.integer)
      return { () throws(DeviceFault) in work.run { tk_fill(real, integer, $0, $1, $2, $3) } }
    }
  }

  package func range(start: Double, step: Double, into y: Tensor) {
    base.range(start: start, step: step, into: y)
    note("range", [start.bitPattern, step.bitPattern], reads: [], writes: [y]) { [base] t in
      let y = t[0]
      return { () throws(DeviceFault) in base.range(start: start, step: step, into: y) }
    }
  }
}

// Random numbers.
extension RecordingBackend {
  package func random(_ distribution: Distribution, _ generator: tk_philox, into y: Tensor) {
    base.random(distribution, generator, into: y)
    guard let place = random(generator, "random numbers") else { return }
    let details: [AnyHashable] = [distribution, place().position]
    note("random numbers", details, reads: [], writes: [y], isFixed: false) { [base] t in
      let y = t[0]
      return { () throws(DeviceFault) in base.random(distribution, place(), into: y) }
    }
  }

  package func dropout(
    _ x: Tensor, probability: Double, value: Double, _ generator: tk_philox, into y: Tensor
  ) {
    base.dropout(x, probability: probability, value: value, generator, into: y)
    guard let place = random(generator, "dropout") else { return }
    let details: [AnyHashable] = [probability, value, place().position]
    note("dropout", details, reads: [x], writes: [y], isFixed: false) { [base] t in
      let (x, y) = (t[0], t[1])
      return { () throws(DeviceFault) in
        base.dropout(x, probability: probability, value: value, place(), into: y)
      }
    }
  }
}

// Products.
extension RecordingBackend {
  package func matmul(_ a: Tensor, _ b: Tensor, into c: Tensor) throws(DeviceFault) {
    try base.matmul(a, b, into: c)
    note("matmul", [], reads: [a, b], writes: [c]) { [scratch = tape.scratch(in: pool)] t in
      let product = PreparedProduct(t[0], t[1], into: t[2])
      return { () throws(DeviceFault) in try product.run(scratch) }
    }
  }

  package func attention(_ heads: AttentionProduct, into y: Tensor) throws(DeviceFault) {
    try base.attention(heads, into: y)
    note("attention", heads.details, reads: heads.reads, writes: [y]) { [base] t in
      let (heads, y) = (heads.on(t), t[4])
      return { () throws(DeviceFault) in
        // Addresses are read anew.
        try base.attention(heads(), into: y)
      }
    }
  }

  package func attentionBackward(
    _ heads: AttentionProduct, gradient: Tensor, into results: [Tensor]
  ) throws(DeviceFault) {
    try base.attentionBackward(heads, gradient: gradient, into: results)
    note("attentionBackward", heads.details, reads: heads.reads + [gradient], writes: results) {
      [base] t in
      let (heads, gradient, results) = (heads.on(t), t[4], Array(t[5...]))
      return { () throws(DeviceFault) in
        try base.attentionBackward(heads(), gradient: gradient, into: results)
      }
    }
  }

  package func convolve(_ work: ConvolutionWork) throws(DeviceFault) {
    try base.convolve(work)
    let own = work.operands
    let details: [AnyHashable] = [own.name, own.way, own.groups, own.window.words]
    note("convolve", details, reads: [own.a, own.b, own.bias], writes: [own.result]) { [base] t in
      let (a, b, bias, result) = (t[0], t[1], own.bias.map { _ in t[2] }, t[3])
      return { () throws(DeviceFault) in
        let operands = ConvolutionOperands(
          name: own.name, way: own.way, window: own.window, groups: own.groups, a: a, b: b,
          bias: bias, result: result)
        try base.convolve(ConvolutionWork(operands))
      }
    }
  }

  package func unfold(
    _ window: tk_window, padding: Double, _ images: Tensor, into columns: Tensor
  ) {
    base.unfold(window, padding: padding, images, into: columns)
    let details: [AnyHashable] = [window.words, padding.bitPattern]
    note("unfold", details, reads: [images], writes: [columns]) { [base] t in
      let (images, columns) = (t[0], t[1])
      return { () throws(DeviceFault) in
        base.unfold(window, padding: padding, images, into: columns)
      }
    }
  }

  package func fold(_ window: tk_window, _ columns: Tensor, into images: Tensor) {
    base.fold(window, columns, into: images)
    note("fold", [window.words], reads: [columns], writes: [images]) { [base] t in
      let (columns, images) = (t[0], t[1])
      return { () throws(DeviceFault) in base.fold(window, columns, into: images) }
    }
  }
}

extension AttentionProduct {
  fileprivate var reads: [Tensor?] { [query, key, value, mask] }
  fileprivate var details: [AnyHashable] { [attention.scale.bitPattern, attention.causal] }

  /// The same on other operands, in the order of `reads`, at the addresses that they have then.
  fileprivate func on(_ t: [Tensor]) -> () -> AttentionProduct {
    let (query, key, value, mask) = (t[0], t[1], t[2], mask.map { _ in t[3] })
    let (isCausal, scale) = (attention.causal, attention.scale)
    return {
      AttentionProduct(
        query: query, key: key, value: value, mask: mask, isCausal: isCausal, scale: scale)
    }
  }
}

extension tk_window {
  fileprivate var words: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
