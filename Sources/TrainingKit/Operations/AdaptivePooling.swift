extension Tensor {
  /// The means of parts that cut a signal into as many as wanted.
  ///
  /// - Shape: `[batch, channels, length]` → `[batch, channels, size]`.
  public func adaptiveAvgPool1d(_ size: Int) -> Tensor {
    adaptivePool("adaptiveAvgPool1d", [size], average: true)
  }

  /// The means of parts that cut an image into as many as wanted; 1 gives the mean of the whole
  /// image.
  ///
  /// Parts differ by one in extent, and share elements, where the extent is not a multiple of the
  /// size.
  ///
  /// - Shape: `[batch, channels, height, width]` → `[batch, channels, size.height, size.width]`.
  /// - Numerics: summed in float32 for halves.
  public func adaptiveAvgPool2d(_ size: Size2) -> Tensor {
    adaptivePool("adaptiveAvgPool2d", [size.height, size.width], average: true)
  }

  /// The largest elements of parts that cut a signal into as many as wanted.
  ///
  /// - Shape: `[batch, channels, length]` → `[batch, channels, size]`.
  /// - Gradient: goes to the first largest element, or the first NaN.
  public func adaptiveMaxPool1d(_ size: Int) -> Tensor {
    adaptivePool("adaptiveMaxPool1d", [size], average: false)
  }

  /// The largest elements of parts that cut an image into as many as wanted.
  ///
  /// - Shape: `[batch, channels, height, width]` → `[batch, channels, size.height, size.width]`.
  /// - Gradient: goes to the first largest element, or the first NaN.
  public func adaptiveMaxPool2d(_ size: Size2) -> Tensor {
    adaptivePool("adaptiveMaxPool2d", [size.height, size.width], average: false)
  }

  private func adaptivePool(_ operation: String, _ sizes: [Int], average: Bool) -> Tensor {
    checked { () throws(TensorError) in
      try expectFloatingPoint(operation)
      guard rank == sizes.count + 2, !shape.dropFirst(2).contains(0) else {
        let axes = sizes.count == 1 ? "length" : "height, width"
        throw .shape(operation, expected: "[batch, channels, \(axes)]", got: shape)
      }
      for size in sizes { try TensorError.expect(size, atLeast: 1, "size", operation) }
      // Innermost first, so that of equal elements the first in row-major order is taken.
      var result = average ? cast(to: dtype.statistics) : self
      for (axis, size) in zip(2..., sizes).reversed() {
        let parts = Parts(extent: shape[axis], count: size)
        result = average ? parts.means(of: result, axis) : parts.maxima(of: result, axis)
      }
      return result.cast(to: dtype)
    }
  }
}

/// An axis cut into parts.
private struct Parts {
  let starts, widths: [Int]

  init(extent: Int, count: Int) {
    starts = (0..<count).map { $0 * extent / count }
    widths = zip(starts, 1...).map { start, next in (next * extent + count - 1) / count - start }
  }

  private var width: Int { widths.max()! }

  /// The axis in two: which part, and where in it. Shorter parts repeat their last element.
  private func split(_ x: Tensor, _ axis: Int) -> Tensor {
    let places = zip(starts, widths).flatMap { start, width in
      (0..<self.width).map { start + min($0, width - 1) }
    }
    let isEven = places.count == x.shape[axis]
    let taken = isEven ? x : x.taking(Tensor(places), axis: axis)
    return taken.reshaped(
      x.shape.replacing(axis, with: starts.count).inserting(width, at: axis + 1))
  }

  func maxima(of x: Tensor, _ axis: Int) -> Tensor {
    let parts = split(x, axis)
    let first = parts.detached().argmax(axis: axis + 1, keepDims: true)
    return parts.gather(first, axis: axis + 1).squeezed(axis: axis + 1)
  }

  func means(of x: Tensor, _ axis: Int) -> Tensor {
    let parts = split(x, axis)
    guard Set(widths).count > 1 else { return parts.mean(axis: axis + 1) }
    let behind = Array(repeating: 1, count: x.rank - axis - 1)
    let counts = Tensor(widths).reshaped([widths.count] + behind)
    let isOwn =
      Tensor.range(0, width).reshaped([width] + behind) .< counts.expandedDimensions(axis: 1)
    let own = which(isOwn, parts, Tensor.zeros([], dtype: x.dtype))
    return (own.sum(axis: axis + 1) / counts.cast(to: x.dtype)).cast(to: x.dtype)
  }
}
