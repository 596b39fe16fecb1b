/// One of three products that are each the derivative of the others: places from images and a weight, images from
/// places and a weight, or a weight from images and places.
///
/// Images are `[batch, channels, height, width]`, a weight `[outputs, channels / groups, kernel height, kernel width]`,
/// places `[batch, outputs, rows, columns]`. A third input is added to the channels of places or images.
struct ConvolutionProduct: Operation {
  let name: String
  let way: ConvolutionWay
  let window: Window
  let groups: Int

  var saves: Saved { .factors }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let (a, b) = (inputs[0], inputs[1])
    guard a.rank == 4, b.rank == 4 else {
      throw .shape(name, expected: "two tensors of four axes", got: a.shape, b.shape)
    }
    try a.expectFloatingPoint(name)
    try a.expectSameType(as: b, name)
    let spec = TensorSpec(resultShape(a.shape, b.shape), a.dtype)
    let (images, weight, places) =
      switch way {
      case .places: (a.shape, b.shape, spec.shape)
      case .images: (spec.shape, b.shape, a.shape)
      case .weight: (a.shape, spec.shape, b.shape)
      }
    let (rows, columns) = (window.rows, window.columns)
    guard images == [places[0], weight[1] * groups, rows.extent, columns.extent] as Shape,
      weight == [places[1], images[1] / groups, rows.kernel, columns.kernel] as Shape,
      places == [images[0], weight[0], rows.positions, columns.positions] as Shape,
      weight[0] % groups == 0
    else {
      throw .shape(
        name, expected: "images, a weight and places that fit one window", got: a.shape, b.shape)
    }
    return spec
  }

  private func resultShape(_ a: Shape, _ b: Shape) -> Shape {
    let (rows, columns) = (window.rows, window.columns)
    return switch way {
    case .places: [a[0], b[0], rows.positions, columns.positions]
    case .images: [a[0], b[1] * groups, rows.extent, columns.extent]
    case .weight: [b[1], a[1] / groups, rows.kernel, columns.kernel]
    }
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    let images = (way == .images ? output : inputs[0]).shape
    try backend.convolve(
      ConvolutionWork(
        name, way, window.kernel(count: images[0], channels: images[1]), groups: groups, inputs[0],
        inputs[1],
        bias: inputs.count > 2 ? inputs[2] : nil, into: output))
  }

  func backward(
    _ gradient: consuming Tensor, inputs: consuming Operands, output: Tensor
  ) -> Slopes {
    let (second, hasBias) = (inputs[1], inputs.count > 2)
    let toBias = hasBias && inputs.origin(2) != nil ? gradient.sum(axes: [0, 2, 3]) : nil
    let toSecond =
      switch way {
      case .places: slope(.weight, inputs[0], gradient, to: second)
      case .images: slope(.weight, gradient, inputs[0], to: second)
      case .weight: slope(.places, inputs[0], gradient, to: second)
      }
    // The first may be an activation that was made again: there is room for the next product without it.
    inputs.empty(0)
    let toFirst =
      switch way {
      case .places: slope(.images, gradient, second, to: inputs[0])
      case .images: slope(.places, gradient, second, to: inputs[0])
      case .weight: slope(.images, second, gradient, to: inputs[0])
      }
    return hasBias ? [toFirst, toSecond, toBias] : [toFirst, toSecond]
  }

  private func slope(_ way: ConvolutionWay, _ a: Tensor, _ b: Tensor, to input: Tensor) -> Tensor? {
    guard input.requiresGradient else { return nil }
    return ConvolutionProduct(name: name, way: way, window: window, groups: groups).product(a, b)
  }

  /// The product of tensors of any layout, and a bias of its channels.
  func product(_ a: Tensor, _ b: Tensor, bias: Tensor? = nil) -> Tensor {
    guard let bias else { return self(a.contiguous(), b.contiguous()) }
    return self(a.contiguous(), b.contiguous(), bias.cast(to: a.dtype).contiguous())
  }
}
