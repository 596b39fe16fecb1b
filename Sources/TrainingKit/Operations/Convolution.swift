/// How much is added around an image before a window slides over it.
public enum ConvolutionPadding<Extent: Sendable & Hashable>: Sendable, Hashable {
  /// Nothing.
  case valid
  /// As many zeros as keep the extents; the odd one goes behind. The stride must be 1.
  case same
  /// This many zeros on each side.
  case by(Extent)
}

extension ConvolutionPadding: ExpressibleByIntegerLiteral
where Extent: ExpressibleByIntegerLiteral {
  /// That many zeros on each side of every axis.
  public init(integerLiteral value: Extent.IntegerLiteralType) {
    self = .by(Extent(integerLiteral: value))
  }
}

extension ConvolutionPadding: ExpressibleByArrayLiteral where Extent == Size2 {
  /// Zeros above and below, and to the left and to the right.
  public init(arrayLiteral numbers: Int...) {
    precondition(
      numbers.count == 2, "padding: expected two numbers, height and width, got \(numbers)")
    self = .by(Size2(numbers[0], numbers[1]))
  }
}

extension Tensor {
  /// The cross-correlation of signals with a weight: every result is a weighted sum of what a
  /// sliding window sees.
  ///
  /// - Shape: `[batch, channels, length]` with a weight `[out, channels / groups, kernel]` and a
  ///   bias `[out]` →
  ///   `[batch, out, (length + 2 padding − dilation (kernel − 1) − 1) / stride + 1]`.
  /// - Parameter groups: channels and outputs are cut into as many parts that do not see one
  ///   another.
  /// - Numerics: accumulated in float32, in float64 for float64.
  /// - Errors: traps when channels do not fit the weight or the kernel spans more than the padded
  ///   signal.
  public func conv1d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: ConvolutionPadding<Int> = 0,
    dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    checked(.low, self, weight, bias) { (x, weight, bias) throws(TensorError) in
      let convolution = Convolution(
        name: "conv1d", stride: Size2(1, stride), dilation: Size2(1, dilation), groups: groups)
      try convolution.check(x, weight, bias, spatialAxes: ["length"])
      let padding: ConvolutionPadding<Size2> =
        switch padding {
        case .valid: .valid
        case .same: .same
        case .by(let extent): .by(Size2(0, extent))
        }
      return try convolution(
        x.expandedDimensions(axis: 2), weight.expandedDimensions(axis: 2), bias, padding
      ).squeezed(axis: 2)
    }
  }

  /// The cross-correlation of images with a weight: every result is a weighted sum of what a
  /// sliding window sees.
  ///
  ///     let y = x.conv2d(weight, bias: bias, stride: 2, padding: 1)
  ///
  /// - Shape: `[batch, channels, height, width]` with a weight
  ///   `[out, channels / groups, kernel height, kernel width]` and a bias `[out]` →
  ///   `[batch, out, height′, width′]`, where
  ///   `height′ = (height + 2 padding − dilation (kernel − 1) − 1) / stride + 1`.
  /// - Parameter groups: channels and outputs are cut into as many parts that do not see one
  ///   another.
  /// - Numerics: accumulated in float32, in float64 for float64.
  /// - Errors: traps when channels do not fit the weight or the kernel spans more than the padded
  ///   image.
  public func conv2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Size2 = 1,
    padding: ConvolutionPadding<Size2> = 0, dilation: Size2 = 1, groups: Int = 1
  ) -> Tensor {
    checked(.low, self, weight, bias) { (x, weight, bias) throws(TensorError) in
      let convolution = Convolution(
        name: "conv2d", stride: stride, dilation: dilation, groups: groups)
      try convolution.check(x, weight, bias, spatialAxes: ["height", "width"])
      return try convolution(x, weight, bias, padding)
    }
  }
}

/// A convolution of images, as far as it does not depend on their size.
private struct Convolution {
  let name: String
  let stride, dilation: Size2
  let groups: Int

  func check(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, spatialAxes: [String]
  ) throws(TensorError) {
    try x.expectFloatingPoint(name)
    try x.expectSameType(as: weight, name)
    try TensorError.expect(groups, atLeast: 1, "number of groups", name)
    guard x.rank == spatialAxes.count + 2, weight.rank == x.rank,
      x.shape[1] == weight.shape[1] * groups
    else {
      let axes = spatialAxes.joined(separator: ", ")
      throw .shape(
        name, expected: "[batch, channels, \(axes)] and a weight [out, channels / \(groups), …]",
        got: x.shape, weight.shape)
    }
    guard weight.shape[0] % groups == 0 else {
      throw .shape(name, expected: "outputs in \(groups) equal groups", got: weight.shape)
    }
    try bias?.expectOneForEach(of: weight.shape[0], name)
  }

  func callAsFunction(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ padding: ConvolutionPadding<Size2>
  ) throws(TensorError) -> Tensor {
    let window = try window(over: x, weight, padding)
    let (batch, out) = (x.shape[0], weight.shape[0])
    guard window.isPointwise else {
      return ConvolutionProduct(name: name, way: .places, window: window, groups: groups)
        .product(x, weight, bias: bias)
    }
    let places = (rows: window.rows.positions, columns: window.columns.positions)
    let inner = weight.shape[1]
    let product = pointwiseProduct(
      weight.reshaped([groups, out / groups, inner] as Shape),
      x.reshaped([batch, groups, inner, places.rows * places.columns] as Shape))
    return product.reshaped([batch, out, places.rows, places.columns] as Shape).adding(bias: bias)
  }

  private func window(
    over x: Tensor, _ weight: Tensor, _ padding: ConvolutionPadding<Size2>
  ) throws(TensorError) -> Window {
    if padding == .same, stride != 1 {
      throw .argument(name, expected: "a stride of 1 with padding .same", got: stride)
    }
    func axis(
      _ extent: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ amount: Int
    ) throws(TensorError) -> WindowAxis {
      let total = padding == .same ? dilation * (kernel - 1) : 2 * amount
      return try WindowAxis(
        name, extent: extent, kernel: kernel, stride: stride, dilation: dilation,
        padding: (before: padding == .same ? total / 2 : amount, after: (total + 1) / 2))
    }
    var amount: Size2 = 0
    if case .by(let extent) = padding { amount = extent }
    return Window(
      rows: try axis(
        x.shape[2], weight.shape[2], stride.height, dilation.height, amount.height),
      columns: try axis(
        x.shape[3], weight.shape[3], stride.width, dilation.width, amount.width))
  }
}

extension Window {
  /// Whether the window sees every pixel once, and alone: places lie as pixels do.
  fileprivate var isPointwise: Bool {
    [rows, columns].allSatisfy { $0.kernel == 1 && $0.stride == 1 && $0.positions == $0.extent }
  }
}

/// Products of weights `[groups, rows, inner]` with columns `[batch, groups, inner, places]`, one
/// for each group of each sample: `[batch, groups, rows, places]`.
private func pointwiseProduct(_ weight: Tensor, _ columns: Tensor) -> Tensor {
  let (groups, rows, inner) = (weight.shape[0], weight.shape[1], weight.shape[2])
  let (batch, places) = (columns.shape[0], columns.shape[3])
  // One product a sample costs a gradient of the weight for each, one product for the batch a copy
  // of the columns and of the result: the smaller of the two decides.
  if batch == 1 || rows * inner * 2 <= places * (rows + inner) {
    let shared = groups == 1 ? weight.reshaped([rows, inner] as Shape) : weight
    return shared.matmul(columns)
  }
  let joined = columns.permuted(1, 2, 0, 3).reshaped([groups, inner, batch * places] as Shape)
  return weight.matmul(joined).reshaped([groups, rows, batch, places] as Shape)
    .permuted(2, 0, 1, 3)
}

extension Tensor {
  func expectSameType(as other: Tensor, _ operation: String) throws(TensorError) {
    guard dtype == other.dtype else {
      throw TensorError(
        .dtype, operation, expected: "two tensors of one floating-point dtype",
        got: "\(dtype) and \(other.dtype)")
    }
  }

  func expectOneForEach(of channels: Int, _ operation: String) throws(TensorError) {
    guard shape == [channels] else {
      throw .shape(operation, expected: "one value for each of \(channels) channels", got: shape)
    }
  }

  /// Adds one value to each channel, axis 1 of 4.
  fileprivate func adding(bias: Tensor?) -> Tensor {
    guard let bias else { return self }
    return self + bias.cast(to: dtype).reshaped([bias.count, 1, 1] as Shape)
  }
}
