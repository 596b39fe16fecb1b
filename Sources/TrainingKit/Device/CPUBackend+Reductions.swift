package import CTrainingKernels

extension CPUBackend {
  package func reduce(_ row: tk_reduction, _ x: Tensor, axes: [Int], into y: Tensor) {
    if let rows = pieceOfRows(row, x, axes, into: y) {
      return reduceInPieces(row, x, ofRows: rows, into: y)
    }
    let source = tk_reduce_source(x, axes: axes)
    let reduced = axes.reduce(1) { $0 * x.shape.lanes[$1] }
    // Neighbours whose sums run across rows are read together, so that lines and rows are not read many times.
    let together = axes.contains(x.rank - 1) ? 1 : min(256, max(16, y.count / 4))
    let grain = max(together, 2 * CPUBackend.grain / max(1, reduced))
    withUnsafePointer(to: source) { source in
      parallelFor(y.count, grain: grain) { begin, end in
        tk_reduce(
          row, x.dtype.compute, source, y.address, y.dtype.kernel, Int64(begin), Int64(end))
      }
    }
  }

  /// Elements of a piece of a fold to one result.
  private static let foldedPiece = 1 << 15

  /// How many rows of neighbouring results are folded by themselves, as all of many elements are to one result, and as
  /// many rows are so that memory is read in its order; nil where results are better shared out.
  private func pieceOfRows(
    _ row: tk_reduction, _ x: Tensor, _ axes: [Int], into y: Tensor
  ) -> Int? {
    guard x.form.isContiguous, row != tk_reduction_argmax, row != tk_reduction_argmin else {
      return nil
    }
    if y.count == 1 { return x.count > 2 * CPUBackend.foldedPiece ? CPUBackend.foldedPiece : nil }
    guard (8...4096).contains(y.count), axes.allSatisfy({ $0 < axes.count }) else { return nil }
    let (rows, leaf) = (x.count / y.count, 64)
    let piece = max(leaf, CPUBackend.foldedPiece / 2 / y.count, rows / 64) / leaf * leaf
    return rows >= 2 * piece ? piece : nil
  }

  /// Pieces of a fixed number of rows, and then their results: the same bits for any thread count.
  private func reduceInPieces(_ row: tk_reduction, _ x: Tensor, ofRows piece: Int, into y: Tensor) {
    let (width, compute) = (y.count, x.dtype.compute)
    let rows = x.count / width
    let pieces = (rows + piece - 1) / piece
    withUnsafeTemporaryAllocation(byteCount: pieces * width * 8, alignment: 64) { results in
      let results = results.baseAddress!
      parallelFor(pieces, grain: 1) { begin, end in
        for index in begin..<end {
          let start = index * piece
          var source = tk_reduce_source(
            x.address + start * width * x.dtype.byteCount, x.dtype.kernel,
            rows: min(piece, rows - start), width: width)
          let place = results + index * width * compute.byteCount
          tk_reduce(row, compute, &source, place, compute.stored, 0, Int64(width))
        }
      }
      var source = tk_reduce_source(results, compute.stored, rows: pieces, width: width)
      tk_reduce(row, compute, &source, y.address, y.dtype.kernel, 0, Int64(width))
    }
  }

  /// Elements of a piece that is measured at once.
  private static let measuredPiece = 1 << 16

  package func measure(
    _ x: Tensor, parts: Int, power: Double, scale: Double
  ) -> [ElementStatistics] {
    // Pieces of fixed size, joined in order: the same bits for any thread count.
    let piece = CPUBackend.measuredPiece
    let length = x.count / parts
    let pieces = (length + piece - 1) / piece
    return withUnsafeTemporaryAllocation(of: tk_statistics.self, capacity: parts * pieces) {
      found in
      parallelFor(found.count, grain: max(1, piece / length)) { begin, end in
        for index in begin..<end {
          let start = index % pieces * piece
          let address = x.address + (index / pieces * length + start) * x.dtype.byteCount
          let count = Int64(min(piece, length - start))
          found[index] = tk_measure(x.dtype.kernel, power, scale, address, count)
        }
      }
      return (0..<parts).map { part in
        let own = found[(part * pieces)..<((part + 1) * pieces)]
        return ElementStatistics(own.dropFirst().reduce(own.first!, tk_statistics_join))
      }
    }
  }

  package func measure(each tensors: [Tensor]) -> [ElementStatistics] {
    tensors.map { x in
      x.count > CPUBackend.measuredPiece
        ? measure(x, parts: 1, power: 2, scale: 1)[0]
        : ElementStatistics(tk_measure(x.dtype.kernel, 2, 1, x.address, Int64(x.count)))
    }
  }

  package func softmax(logarithm: Bool, _ x: Tensor, into y: Tensor) {
    forEachRow(of: y) { [isFar = y.isFar] width, begin, end in
      tk_softmax(logarithm, y.dtype.kernel, x.address, y.address, width, isFar, begin, end)
    }
  }

  package func softmaxBackward(
    logarithm: Bool, gradient: Tensor, y: Tensor, into result: Tensor
  ) {
    forEachRow(of: result) { [isFar = result.isFar] width, begin, end in
      tk_softmax_backward(
        logarithm, result.dtype.kernel, gradient.address, y.address, result.address, width, isFar,
        begin, end)
    }
  }

  package func surprise(_ x: Tensor, at labels: Tensor, into y: Tensor) {
    let labels = labels.address.assumingMemoryBound(to: Int64.self)
    forEachRow(of: x) { width, begin, end in
      tk_surprise(x.dtype.kernel, x.address, labels, y.address, width, begin, end)
    }
  }

  package func surpriseBackward(
    _ x: Tensor, at labels: Tensor, gradient: Tensor, into result: Tensor
  ) {
    let labels = labels.address.assumingMemoryBound(to: Int64.self)
    forEachRow(of: x) { [isFar = result.isFar] width, begin, end in
      tk_surprise_backward(
        x.dtype.kernel, x.address, labels, gradient.address, result.address, width, isFar, begin,
        end)
    }
  }

  package func squareDistances(_ x: Tensor, width: Int, into y: Tensor) {
    forEachRow(of: x, width: width) { width, begin, end in
      tk_square_distances(x.dtype.kernel, x.address, y.address, width, begin, end)
    }
  }

  package func standardize(
    _ x: Tensor, isCentered: Bool, epsilon: Double, weight: Tensor?, bias: Tensor?,
    into values: Tensor, _ roots: Tensor, _ y: Tensor?
  ) {
    var rule = tk_standardization(
      isCentered, x.dtype, weight: weight, bias: bias, values: values, roots: roots)
    if let y { (rule.y, rule.y_dtype) = (y.address, y.dtype.kernel) }
    forEachRow(of: values, width: x.count / max(1, roots.count)) { [rule] width, begin, end in
      withUnsafePointer(to: rule) { tk_standardize($0, x.address, width, epsilon, begin, end) }
    }
  }

  package func standardizeBackward(
    _ gradient: Tensor, isCentered: Bool, weight: Tensor?, values: Tensor, roots: Tensor,
    into result: Tensor?, _ toWeight: Tensor?, _ toBias: Tensor?, pieceLength: Int
  ) {
    let rule = tk_standardization(
      isCentered, (result ?? values).dtype, weight: weight, bias: nil, values: values, roots: roots)
    let (rows, width) = (roots.count, values.count / max(1, roots.count))
    guard values.count > 0 else { return }
    // Pieces of fixed length: the same sums for any number of threads.
    let pieces = (rows + pieceLength - 1) / pieceLength
    let grain = max(1, CPUBackend.grain / 4 / (width * pieceLength))
    let (weightSums, biasSums) = (toWeight?.address, toBias?.address)
    let rowBytes = width * roots.dtype.byteCount
    parallelFor(pieces, grain: grain) { first, end in
      for piece in first..<end {
        let offset = piece * rowBytes
        withUnsafePointer(to: rule) {
          tk_standardize_backward(
            $0, gradient.dtype.kernel, gradient.address, result?.address,
            weightSums.map { $0 + offset }, biasSums.map { $0 + offset }, Int64(width),
            Int64(piece * pieceLength), Int64(min(rows, (piece + 1) * pieceLength)))
        }
      }
    }
  }

  package func batchNorm(
    _ x: Tensor, epsilon: Double, weight: Tensor?, bias: Tensor?, into y: Tensor,
    _ statistics: ChannelStatistics
  ) {
    forEachChannel(of: x, statistics, weight, bias) { kernel, begin, end in
      tk_batch_norm_run(kernel, epsilon, statistics.variance.address, y.address, begin, end)
    }
  }

  package func batchNormBackward(
    _ gradient: Tensor, _ x: Tensor, _ statistics: ChannelStatistics, weight: Tensor?,
    into result: Tensor?,
    _ toWeight: Tensor?,
    _ toBias: Tensor?
  ) {
    forEachChannel(of: x, statistics, weight, nil) { kernel, begin, end in
      tk_batch_norm_backward(
        kernel, gradient.address, result?.address, toWeight?.address, toBias?.address, begin, end)
    }
  }

  private func forEachChannel(
    of x: Tensor, _ statistics: ChannelStatistics, _ weight: Tensor?, _ bias: Tensor?,
    _ body: (_ kernel: UnsafePointer<tk_batch_norm>, _ begin: Int64, _ end: Int64) -> Void
  ) {
    let (batch, channels) = (x.shape[0], x.shape[1])
    guard x.count > 0 else { return }
    let kernel = tk_batch_norm(
      dtype: x.dtype.kernel, batch: Int64(batch), channels: Int64(channels),
      inner: Int64(x.count / batch / channels),
      x: x.address, weight: weight?.address, bias: bias?.address,
      means: statistics.mean.address,
      roots: statistics.root.address)
    withUnsafePointer(to: kernel) { kernel in
      parallelFor(channels, grain: max(1, CPUBackend.grain / 4 * channels / x.count)) {
        begin, end in
        body(kernel, Int64(begin), Int64(end))
      }
    }
  }

  package func cumulativeSum(_ x: Tensor, into y: Tensor) {
    forEachRow(of: y) { width, begin, end in
      tk_cumulative_sum(
        x.dtype.kernel, x.address, y.address, y.dtype.kernel, width, begin, end)
    }
  }

  package func argsort(_ x: Tensor, descending: Bool, into order: Tensor) {
    forEachRow(of: order) { width, begin, end in
      withUnsafeTemporaryAllocation(of: Int64.self, capacity: Int(width)) { scratch in
        tk_argsort(
          x.dtype.kernel, descending, x.address,
          order.address.assumingMemoryBound(to: Int64.self), scratch.baseAddress!, width, begin,
          end)
      }
    }
  }

  /// Cuts a contiguous tensor into runs of rows along its last axis.
  private func forEachRow(
    of tensor: Tensor, width: Int? = nil,
    _ body: (_ width: Int64, _ begin: Int64, _ end: Int64) -> Void
  ) {
    let width = width ?? (tensor.rank == 0 ? 1 : tensor.shape[-1])
    guard tensor.count > 0 else { return }
    parallelFor(tensor.count / width, grain: max(1, CPUBackend.grain / 4 / width)) { begin, end in
      body(Int64(width), Int64(begin), Int64(end))
    }
  }
}

extension tk_standardization {
  fileprivate init(
    _ isCentered: Bool, _ dtype: DType, weight: Tensor?, bias: Tensor?, values: Tensor,
    roots: Tensor
  ) {
    self.init(
      centered: isCentered, far: values.isFar, dtype: dtype.kernel,
      values_dtype: values.dtype.kernel,
      y_dtype: values.dtype.kernel, weight: UnsafeRawPointer(weight?.address),
      bias: UnsafeRawPointer(bias?.address), values: values.address,
      roots: roots.address, y: nil)
  }
}

extension ElementStatistics {
  fileprivate init(_ found: tk_statistics) {
    self.init(
      powerSum: found.power_sum, largest: found.largest, nonFiniteCount: Int(found.non_finite),
      zeroCount: Int(found.zeros))
  }
}

extension tk_compute {
  /// How a number lies in memory that was computed.
  fileprivate var stored: tk_dtype {
    switch self {
    case tk_real32: tk_float32
    case tk_real64: tk_float64
    default: tk_int64
    }
  }
  fileprivate var byteCount: Int { self == tk_real32 ? 4 : 8 }
}

extension tk_reduce_source {
  /// Rows that lie one behind another, to be folded into one.
  fileprivate init(_ data: UnsafeRawPointer, _ dtype: tk_dtype, rows: Int, width: Int) {
    var (kept, reduced, one, step) = (
      Lanes(repeating: 1), Lanes(repeating: 1), Lanes(repeating: 0), Lanes(repeating: 0)
    )
    (kept[0], reduced[0], one[0], step[0]) = (width, rows, 1, width)
    self.init(
      data: data, dtype: dtype, kept: tk_space(1, kept), reduced: tk_space(1, reduced),
      kept_strides: one.kernel, reduced_strides: step.kernel)
  }

  init(_ x: Tensor, axes: [Int]) {
    let layout = x.form.layout
    var (kept, reduced) = (AxisWalk(), AxisWalk())
    for axis in 0..<layout.shape.rank {
      if axes.contains(axis) { reduced.append(axis, layout) } else { kept.append(axis, layout) }
    }
    self.init(
      data: UnsafeRawPointer(x.address), dtype: x.dtype.kernel, kept: kept.space,
      reduced: reduced.space, kept_strides: kept.strides.kernel,
      reduced_strides: reduced.strides.kernel)
  }
}

/// Some axes of a layout, in their order.
private struct AxisWalk {
  private var rank = 0
  private var lanes = Lanes(repeating: 1)
  private(set) var strides = Lanes(repeating: 0)

  var space: tk_space { tk_space(rank, lanes) }

  mutating func append(_ axis: Int, _ layout: Layout) {
    (lanes[rank], strides[rank]) = (layout.shape.lanes[axis], layout.strides[axis])
    rank += 1
  }
}
