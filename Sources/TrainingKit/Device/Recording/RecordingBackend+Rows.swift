package import CTrainingKernels

// Reductions, rows and channels.
extension RecordingBackend {
  package func reduce(_ row: tk_reduction, _ x: Tensor, axes: [Int], into y: Tensor) {
    base.reduce(row, x, axes: axes, into: y)
    note("reduce", [row.rawValue, axes], reads: [x], writes: [y]) { [base] t in
      let (x, y) = (t[0], t[1])
      // What is smaller is never cut into pieces.
      if x.count > CPUBackend.grain {
        return { () throws(DeviceFault) in base.reduce(row, x, axes: axes, into: y) }
      }
      let work = PreparedReduction(row, x, axes: axes, into: y)
      return { () throws(DeviceFault) in work.run() }
    }
  }

  package func softmax(logarithm: Bool, _ x: Tensor, into y: Tensor) {
    base.softmax(logarithm: logarithm, x, into: y)
    note("softmax", [logarithm], reads: [x], writes: [y]) { [base] t in
      let (x, y) = (t[0], t[1])
      return { () throws(DeviceFault) in base.softmax(logarithm: logarithm, x, into: y) }
    }
  }

  package func softmaxBackward(logarithm: Bool, gradient: Tensor, y: Tensor, into result: Tensor) {
    base.softmaxBackward(logarithm: logarithm, gradient: gradient, y: y, into: result)
    note("softmaxBackward", [logarithm], reads: [gradient, y], writes: [result]) { [base] t in
      let (gradient, y, result) = (t[0], t[1], t[2])
      return { () throws(DeviceFault) in
        base.softmaxBackward(logarithm: logarithm, gradient: gradient, y: y, into: result)
      }
    }
  }

  package func surprise(_ x: Tensor, at labels: Tensor, into y: Tensor) {
    base.surprise(x, at: labels, into: y)
    note("surprise", [], reads: [x, labels], writes: [y]) { [base] t in
      let (x, labels, y) = (t[0], t[1], t[2])
      return { () throws(DeviceFault) in base.surprise(x, at: labels, into: y) }
    }
  }

  package func surpriseBackward(
    _ x: Tensor, at labels: Tensor, gradient: Tensor, into result: Tensor
  ) {
    base.surpriseBackward(x, at: labels, gradient: gradient, into: result)
    note("surpriseBackward", [], reads: [x, labels, gradient], writes: [result]) { [base] t in
      let (x, labels, gradient, result) = (t[0], t[1], t[2], t[3])
      return { () throws(DeviceFault) in
        base.surpriseBackward(x, at: labels, gradient: gradient, into: result)
      }
    }
  }

  package func squareDistances(_ x: Tensor, width: Int, into y: Tensor) {
    base.squareDistances(x, width: width, into: y)
    note("squareDistances", [width], reads: [x], writes: [y]) { [base] t in
      let (x, y) = (t[0], t[1])
      return { () throws(DeviceFault) in base.squareDistances(x, width: width, into: y) }
    }
  }

  package func standardize(
    _ x: Tensor, isCentered: Bool, epsilon: Double, weight: Tensor?, bias: Tensor?,
    into values: Tensor, _ roots: Tensor, _ y: Tensor?
  ) {
    base.standardize(
      x, isCentered: isCentered, epsilon: epsilon, weight: weight, bias: bias, into: values, roots,
      y)
    let details: [AnyHashable] = [isCentered, epsilon.bitPattern, weight == nil, bias == nil]
    note(
      "standardize", details, reads: [x, weight, bias],
      writes: [values, roots] + (y.map { [$0] } ?? [])
    ) { [base] t in
      let (x, values, roots) = (t[0], t[3], t[4])
      let (weight, bias, y) = (
        weight.map { _ in t[1] }, bias.map { _ in t[2] }, y.map { _ in t[5] }
      )
      return { () throws(DeviceFault) in
        base.standardize(
          x, isCentered: isCentered, epsilon: epsilon, weight: weight, bias: bias, into: values,
          roots, y)
      }
    }
  }

  package func standardizeBackward(
    _ gradient: Tensor, isCentered: Bool, weight: Tensor?, values: Tensor, roots: Tensor,
    into result: Tensor?, _ toWeight: Tensor?, _ toBias: Tensor?, pieceLength: Int
  ) {
    base.standardizeBackward(
      gradient, isCentered: isCentered, weight: weight, values: values, roots: roots, into: result,
      toWeight, toBias, pieceLength: pieceLength)
    let results = Results(result, toWeight, toBias)
    let details: [AnyHashable] = [isCentered, pieceLength, weight == nil, results.areWanted]
    note(
      "standardizeBackward", details, reads: [gradient, weight, values, roots],
      writes: results.wanted
    ) { [base] t in
      let (gradient, values, roots) = (t[0], t[2], t[3])
      let weight = weight.map { _ in t[1] }
      let on = results.on(t[4...])
      return { () throws(DeviceFault) in
        base.standardizeBackward(
          gradient, isCentered: isCentered, weight: weight, values: values, roots: roots,
          into: on.toInput, on.toWeight, on.toBias, pieceLength: pieceLength)
      }
    }
  }

  package func batchNorm(
    _ x: Tensor, epsilon: Double, weight: Tensor?, bias: Tensor?, into y: Tensor,
    _ statistics: ChannelStatistics
  ) {
    base.batchNorm(x, epsilon: epsilon, weight: weight, bias: bias, into: y, statistics)
    let details: [AnyHashable] = [epsilon.bitPattern, weight == nil, bias == nil]
    note(
      "batchNorm", details, reads: [x, weight, bias],
      writes: [y, statistics.mean, statistics.variance, statistics.root]
    ) { [base] t in
      let (x, weight, bias, y) = (t[0], weight.map { _ in t[1] }, bias.map { _ in t[2] }, t[3])
      let statistics = ChannelStatistics(mean: t[4], variance: t[5], root: t[6])
      return { () throws(DeviceFault) in
        base.batchNorm(x, epsilon: epsilon, weight: weight, bias: bias, into: y, statistics)
      }
    }
  }

  package func batchNormBackward(
    _ gradient: Tensor, _ x: Tensor, _ statistics: ChannelStatistics, weight: Tensor?,
    into result: Tensor?, _ toWeight: Tensor?, _ toBias: Tensor?
  ) {
    base.batchNormBackward(gradient, x, statistics, weight: weight, into: result, toWeight, toBias)
    let results = Results(result, toWeight, toBias)
    note(
      "batchNormBackward", [weight == nil, results.areWanted],
      reads: [gradient, x, statistics.mean, statistics.variance, statistics.root, weight],
      writes: results.wanted
    ) { [base] t in
      let (gradient, x, weight) = (t[0], t[1], weight.map { _ in t[5] })
      let statistics = ChannelStatistics(mean: t[2], variance: t[3], root: t[4])
      let on = results.on(t[6...])
      return { () throws(DeviceFault) in
        base.batchNormBackward(
          gradient, x, statistics, weight: weight, into: on.toInput, on.toWeight, on.toBias)
      }
    }
  }

  package func cumulativeSum(_ x: Tensor, into y: Tensor) {
    base.cumulativeSum(x, into: y)
    note("cumulativeSum", [], reads: [x], writes: [y]) { [base] t in
      let (x, y) = (t[0], t[1])
      return { () throws(DeviceFault) in base.cumulativeSum(x, into: y) }
    }
  }

  package func argsort(_ x: Tensor, descending: Bool, into order: Tensor) {
    base.argsort(x, descending: descending, into: order)
    note("argsort", [descending], reads: [x], writes: [order]) { [base] t in
      let (x, order) = (t[0], t[1])
      return { () throws(DeviceFault) in base.argsort(x, descending: descending, into: order) }
    }
  }
}

// Indices.
extension RecordingBackend {
  package func check(_ indices: Tensor, _ rule: IndexRule) -> TensorError? {
    // The rule knows whose indices they are.
    let name = rule.mistake(-1).operation
    note(name, [rule.limit, rule.ignored], reads: [indices], writes: []) { [base] t in
      let indices = t[0]
      return { () throws(DeviceFault) in
        if let mistake = base.check(indices, rule) { throw .mistake(mistake) }
      }
    }
    return base.check(indices, rule)
  }

  package func gather(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) {
    base.gather(x, axis: axis, index, into: y)
    note("gather", [axis] + index.details, reads: [x, index.indices], writes: [y]) { [base] t in
      let (x, index, y) = (t[0], index.on(t[1]), t[2])
      return { () throws(DeviceFault) in base.gather(x, axis: axis, index, into: y) }
    }
  }

  package func scatterAdd(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) {
    base.scatterAdd(x, axis: axis, index, into: y)
    note("scatterAdd", [axis] + index.details, reads: [x, index.indices], writes: [y]) {
      [base] t in
      let (x, index, y) = (t[0], index.on(t[1]), t[2])
      return { () throws(DeviceFault) in base.scatterAdd(x, axis: axis, index, into: y) }
    }
  }
}

extension IndexView {
  fileprivate var details: [AnyHashable] {
    [outer, count, inner, outerStride, axisStride, innerStride]
  }

  fileprivate func on(_ indices: Tensor) -> IndexView {
    IndexView(
      indices, outer: outer, count: count, inner: inner, outerStride: outerStride,
      axisStride: axisStride, innerStride: innerStride)
  }
}

/// The results of a backward call, of which some are wanted.
private struct Results {
  let toInput, toWeight, toBias: Tensor?

  init(_ toInput: Tensor?, _ toWeight: Tensor?, _ toBias: Tensor?) {
    (self.toInput, self.toWeight, self.toBias) = (toInput, toWeight, toBias)
  }

  var all: [Tensor?] { [toInput, toWeight, toBias] }
  var wanted: [Tensor] { all.compactMap(\.self) }
  var areWanted: [Bool] { all.map { $0 != nil } }

  /// Others in the place of those that are wanted.
  func on(_ others: ArraySlice<Tensor>) -> Results {
    var others = others
    let found = all.map { $0.flatMap { _ in others.popFirst() } }
    return Results(found[0], found[1], found[2])
  }
}
