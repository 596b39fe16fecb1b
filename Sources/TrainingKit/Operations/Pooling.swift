extension Tensor {
  /// The largest element that a sliding window sees at each of its places.
  ///
  /// - Shape: `[batch, channels, length]` → `[batch, channels, places]`.
  /// - Parameter stride: the kernel unless given.
  /// - Gradient: goes to the first largest element, or the first NaN.
  public func maxPool1d(
    kernel: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false
  ) -> Tensor {
    checked { () throws(TensorError) in
      let pooling = Pooling(
        name: "maxPool1d", kernel: Size2(1, kernel), stride: Size2(1, stride ?? kernel),
        padding: Size2(0, padding), dilation: Size2(1, dilation), ceilMode: ceilMode)
      try pooling.check(self, spatialAxes: ["length"])
      return try pooling.maxima(of: expandedDimensions(axis: 2)).squeezed(axis: 2)
    }
  }

  /// The largest element that a sliding window sees at each of its places.
  ///
  ///     let y = x.maxPool2d(kernel: 2)        // half the height, half the width
  ///
  /// - Shape: `[batch, channels, height, width]` → `[batch, channels, height′, width′]`, where
  ///   `height′ = (height + 2 padding − dilation (kernel − 1) − 1) / stride + 1`, rounded up in
  ///   `ceilMode`.
  /// - Parameters:
  ///   - stride: the kernel unless given.
  ///   - ceilMode: whether a last window may stand out behind the image.
  /// - Gradient: goes to the first largest element, or the first NaN.
  /// - Errors: traps when the padding is above half the kernel.
  public func maxPool2d(
    kernel: Size2, stride: Size2? = nil, padding: Size2 = 0, dilation: Size2 = 1,
    ceilMode: Bool = false
  ) -> Tensor {
    checked { () throws(TensorError) in
      let pooling = Pooling(
        name: "maxPool2d", kernel: kernel, stride: stride ?? kernel, padding: padding,
        dilation: dilation, ceilMode: ceilMode)
      try pooling.check(self, spatialAxes: ["height", "width"])
      return try pooling.maxima(of: self)
    }
  }

  /// The mean of what a sliding window sees at each of its places.
  ///
  /// - Shape: `[batch, channels, length]` → `[batch, channels, places]`.
  /// - Parameters:
  ///   - stride: the kernel unless given.
  ///   - countIncludesPadding: whether the zeros of the padding count as elements.
  public func avgPool1d(
    kernel: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false,
    countIncludesPadding: Bool = true
  ) -> Tensor {
    checked { () throws(TensorError) in
      let pooling = Pooling(
        name: "avgPool1d", kernel: Size2(1, kernel), stride: Size2(1, stride ?? kernel),
        padding: Size2(0, padding), dilation: 1, ceilMode: ceilMode)
      try pooling.check(self, spatialAxes: ["length"])
      let image = expandedDimensions(axis: 2)
      return try pooling.means(of: image, countIncludesPadding, divisor: nil).squeezed(axis: 2)
    }
  }

  /// The mean of what a sliding window sees at each of its places.
  ///
  /// - Shape: `[batch, channels, height, width]` → `[batch, channels, height′, width′]`, where
  ///   `height′ = (height + 2 padding − kernel) / stride + 1`, rounded up in `ceilMode`.
  /// - Parameters:
  ///   - stride: the kernel unless given.
  ///   - countIncludesPadding: whether the zeros of the padding count as elements.
  ///   - divisor: what sums are divided by instead of the number of elements.
  /// - Numerics: summed in float32 for halves.
  /// - Errors: traps when the padding is above half the kernel.
  public func avgPool2d(
    kernel: Size2, stride: Size2? = nil, padding: Size2 = 0, ceilMode: Bool = false,
    countIncludesPadding: Bool = true, divisor: Int? = nil
  ) -> Tensor {
    checked { () throws(TensorError) in
      let pooling = Pooling(
        name: "avgPool2d", kernel: kernel, stride: stride ?? kernel, padding: padding, dilation: 1,
        ceilMode: ceilMode)
      try pooling.check(self, spatialAxes: ["height", "width"])
      return try pooling.means(of: self, countIncludesPadding, divisor: divisor)
    }
  }
}

/// A window that reduces what it sees to one element, as far as it does not depend on the size of
/// images.
private struct Pooling {
  let name: String
  let kernel, stride, padding, dilation: Size2
  let ceilMode: Bool

  func check(_ x: Tensor, spatialAxes: [String]) throws(TensorError) {
    try x.expectFloatingPoint(name)
    guard x.rank == spatialAxes.count + 2 else {
      let axes = spatialAxes.joined(separator: ", ")
      throw .shape(name, expected: "[batch, channels, \(axes)]", got: x.shape)
    }
    guard padding.height * 2 <= kernel.height, padding.width * 2 <= kernel.width else {
      throw .argument(name, expected: "padding of at most half the kernel \(kernel)", got: padding)
    }
  }

  private func window(over x: Tensor) throws(TensorError) -> Window {
    Window(
      rows: try WindowAxis(
        name, extent: x.shape[2], kernel: kernel.height, stride: stride.height,
        dilation: dilation.height, padding: (padding.height, padding.height), ceilMode: ceilMode),
      columns: try WindowAxis(
        name, extent: x.shape[3], kernel: kernel.width, stride: stride.width,
        dilation: dilation.width, padding: (padding.width, padding.width), ceilMode: ceilMode))
  }

  func maxima(of x: Tensor) throws(TensorError) -> Tensor {
    let window = try window(over: x)
    let (batch, channels) = (x.shape[0], x.shape[1])
    let places = window.rows.positions * window.columns.positions
    let seen = x.detached().unfolded(window, padding: -.infinity)
      .reshaped([batch, channels, kernel.height * kernel.width, places] as Shape)
    let pixels = window.pixels(ofTaps: seen.argmax(axis: 2))
    return x.flattened(from: 2).gather(pixels, axis: 2)
      .reshaped([batch, channels, window.rows.positions, window.columns.positions] as Shape)
  }

  func means(
    of x: Tensor, _ countIncludesPadding: Bool, divisor: Int?
  ) throws(TensorError) -> Tensor {
    let window = try window(over: x)
    if let divisor { try TensorError.expect(divisor, atLeast: 1, "divisor", name) }
    let sum = x.cast(to: x.dtype.statistics).unfolded(window).sum(axes: [2, 3])
    if let divisor { return (sum / Double(divisor)).cast(to: x.dtype) }
    func counts(_ axis: WindowAxis, _ padding: Int) -> Tensor {
      let counts = axis.counts(padding: countIncludesPadding ? padding : 0)
      return Tensor(counts, dtype: sum.dtype)
    }
    let heights = counts(window.rows, padding.height).expandedDimensions(axis: 1)
    return (sum / (heights * counts(window.columns, padding.width))).cast(to: x.dtype)
  }
}

extension WindowAxis {
  /// How many elements each place has, when this much of the padding counts.
  fileprivate func counts(padding: Int) -> [Int] {
    (0..<positions).map { place in
      let start = place * stride - before
      return Swift.min(start + kernel, extent + padding) - Swift.max(start, -padding)
    }
  }

  /// Where the first element of each place would be.
  fileprivate var starts: [Int] { (0..<positions).map { $0 * stride - before } }

  /// The first element inside of the image of each place.
  fileprivate var firstInside: [Int] {
    starts.map { $0 >= 0 ? $0 : $0 + (dilation - 1 - $0) / dilation * dilation }
  }
}

extension Window {
  /// The pixels, counted in row-major order, that taps of the kernel stand on at each place.
  fileprivate func pixels(ofTaps taps: Tensor) -> Tensor {
    func first(_ starts: (WindowAxis) -> [Int]) -> Tensor {
      let lines = Tensor(starts(rows)).reshaped([-1, 1]) * columns.extent
      return (lines + Tensor(starts(columns))).flattened()
    }
    let line = taps.floorDivided(by: Tensor(columns.kernel))
    let pixels =
      first(\.starts) + line * (rows.dilation * columns.extent - columns.kernel * columns.dilation)
      + taps * columns.dilation
    if rows.before == 0, columns.before == 0 { return pixels }
    // The first tap wins in the padding only where all others are minus infinity, too.
    return which(taps .== 0, first(\.firstInside), pixels)
  }
}
