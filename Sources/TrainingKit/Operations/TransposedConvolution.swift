extension Tensor {
  /// The transposed convolution of signals: every element paints the kernel, scaled by it, into a
  /// longer result.
  ///
  /// - Shape: `[batch, channels, length]` with a weight `[channels, out / groups, kernel]` and a
  ///   bias `[out]` → `[batch, out, length′]`, where
  ///   `length′ = (length − 1) stride − 2 padding + dilation (kernel − 1) + outputPadding + 1`.
  /// - Parameter outputPadding: what is added behind, as several lengths have the same convolution.
  /// - Errors: traps when channels do not fit the weight or nothing is left of the result.
  public func convTranspose1d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0,
    outputPadding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    checked(.low, self, weight, bias) { (x, weight, bias) throws(TensorError) in
      let convolution = TransposedConvolution(
        name: "convTranspose1d", stride: Size2(1, stride), padding: Size2(0, padding),
        outputPadding: Size2(0, outputPadding), dilation: Size2(1, dilation), groups: groups)
      try convolution.check(x, weight, bias, spatialAxes: ["length"])
      return try convolution(
        x.expandedDimensions(axis: 2), weight.expandedDimensions(axis: 2), bias
      ).squeezed(axis: 2)
    }
  }

  /// The transposed convolution of images: every pixel paints the kernel, scaled by it, into a
  /// larger result. It is the gradient of ``conv2d(_:bias:stride:padding:dilation:groups:)`` with
  /// respect to the image.
  ///
  /// - Shape: `[batch, channels, height, width]` with a weight
  ///   `[channels, out / groups, kernel height, kernel width]` and a bias `[out]` →
  ///   `[batch, out, height′, width′]`, where
  ///   `height′ = (height − 1) stride − 2 padding + dilation (kernel − 1) + outputPadding + 1`.
  /// - Parameter outputPadding: what is added behind, as several sizes have the same convolution.
  /// - Errors: traps when channels do not fit the weight or nothing is left of the result.
  public func convTranspose2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Size2 = 1, padding: Size2 = 0,
    outputPadding: Size2 = 0, dilation: Size2 = 1, groups: Int = 1
  ) -> Tensor {
    checked(.low, self, weight, bias) { (x, weight, bias) throws(TensorError) in
      let convolution = TransposedConvolution(
        name: "convTranspose2d", stride: stride, padding: padding, outputPadding: outputPadding,
        dilation: dilation, groups: groups)
      try convolution.check(x, weight, bias, spatialAxes: ["height", "width"])
      return try convolution(x, weight, bias)
    }
  }
}

/// A transposed convolution of images, as far as it does not depend on their size.
private struct TransposedConvolution {
  let name: String
  let stride, padding, outputPadding, dilation: Size2
  let groups: Int

  func check(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, spatialAxes: [String]
  ) throws(TensorError) {
    try x.expectFloatingPoint(name)
    try x.expectSameType(as: weight, name)
    try TensorError.expect(groups, atLeast: 1, "number of groups", name)
    guard x.rank == spatialAxes.count + 2, weight.rank == x.rank, x.shape[1] == weight.shape[0]
    else {
      let axes = spatialAxes.joined(separator: ", ")
      throw .shape(
        name, expected: "[batch, channels, \(axes)] and a weight [channels, out / \(groups), …]",
        got: x.shape, weight.shape)
    }
    guard weight.shape[0] % groups == 0 else {
      throw .shape(name, expected: "channels in \(groups) equal groups", got: weight.shape)
    }
    try bias?.expectOneForEach(of: weight.shape[1] * groups, name)
  }

  func callAsFunction(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?
  ) throws(TensorError) -> Tensor {
    let window = Window(
      rows: try axis(
        x.shape[2], weight.shape[2], stride.height, padding.height, outputPadding.height,
        dilation.height),
      columns: try axis(
        x.shape[3], weight.shape[3], stride.width, padding.width, outputPadding.width,
        dilation.width))
    return ConvolutionProduct(name: name, way: .images, window: window, groups: groups)
      .product(x, weight, bias: bias)
  }

  /// The window over the result whose convolution has the size of the input.
  private func axis(
    _ extent: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ outputPadding: Int,
    _ dilation: Int
  ) throws(TensorError) -> WindowAxis {
    try TensorError.expect(kernel, atLeast: 1, "kernel", name)
    try TensorError.expect(stride, atLeast: 1, "stride", name)
    try TensorError.expect(dilation, atLeast: 1, "dilation", name)
    try TensorError.expect(padding, atLeast: 0, "padding", name)
    guard outputPadding >= 0, outputPadding < max(stride, dilation) else {
      throw .argument(
        name, expected: "an outputPadding below stride or dilation, \(max(stride, dilation))",
        got: outputPadding)
    }
    let result = (extent - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1
    guard extent >= 1, result >= 1 else {
      throw TensorError(
        .shape, name, expected: "a result of at least 1", got: "\(result) from \(extent)")
    }
    return WindowAxis(
      extent: result, kernel: kernel, stride: stride, dilation: dilation, before: padding,
      positions: extent)
  }
}
