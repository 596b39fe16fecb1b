internal import CTrainingKernels

extension CUDABackend {
  package func convolve(_ work: ConvolutionWork) throws(DeviceFault) {
    let convolution = work.convolution
    if convolution.way == tk_convolution_weight {
      try convolveWeight(convolution, work.dtype)
    } else if let product = convolution.product {
      try multiply(product, work.dtype, into: work.dtype)
    } else {
      try convolvePlaces(convolution, work.dtype)
    }
  }

  /// Places, or images, from the other of them and a weight.
  private func convolvePlaces(_ convolution: tk_convolution, _ dtype: DType) throws(DeviceFault) {
    var arguments = tk_cuda_convolution(convolution)
    let taps = Int(convolution.window.kernel_height * convolution.window.kernel_width)
    let (channels, groups) = (Int(arguments.result_channels), Int(arguments.groups))
    let depth = taps * Int(arguments.source_channels), weights = channels * groups * depth
    let phases = arguments.rows.phases(arguments) * arguments.columns.phases(arguments)
    let places =
      Int(convolution.window.count) * arguments.rows.results(arguments)
      * arguments.columns.results(arguments)
    guard places * channels * groups > 0 else { return }
    arguments.weight = convolution.b
    let ordered = try scratch(max(1, weights) * dtype.byteCount, "convolution")
    defer { withExtendedLifetime(ordered) {} }
    arguments.ordered = ordered.memory
    if weights > 0 {
      try launch(
        CUDAKernel(.convolution, "order_weight", .type(dtype)), Grid(over: weights), arguments)
    }
    // Sums are not cut into runs here.
    let tiles = ProductTiles(
      rows: channels, columns: places, depth: 0, batch: groups * phases, dtype, on: device)
    let blocks =
      quotientUp(channels, tiles.side) * quotientUp(places, tiles.side) * groups * phases
    try launch(
      CUDAKernel(.convolution, "convolve", .type(dtype), .number(tiles.side)),
      Grid(blocks: blocks, threads: tiles.threads, shared: tiles.shared), arguments)
  }

  /// A weight from images and the gradient of places.
  private func convolveWeight(_ convolution: tk_convolution, _ dtype: DType) throws(DeviceFault) {
    var arguments = tk_cuda_convolution(convolution)
    let window = convolution.window
    let (channels, groups) = (Int(arguments.result_channels), Int(arguments.groups))
    let columns = Int(window.kernel_height * window.kernel_width) * Int(arguments.source_channels)
    let count = channels * groups * columns
    guard count > 0 else { return }
    arguments.gradient = convolution.b
    let tiles = ProductTiles(
      rows: channels, columns: columns,
      depth: Int(window.count * window.out_height * window.out_width),
      batch: groups, dtype, on: device)
    (arguments.splits, arguments.share) = (Int64(tiles.splits), Int64(tiles.share))
    let bytes = tiles.partBytes(count, dtype)
    let parts = bytes > 0 ? try scratch(bytes, "convolution") : nil
    defer { withExtendedLifetime(parts) {} }
    arguments.parts = parts?.memory
    let blocks =
      quotientUp(channels, tiles.side) * quotientUp(columns, tiles.side) * groups * tiles.splits
    try launch(
      CUDAKernel(.convolution, "convolve_weight", .type(dtype), .number(tiles.side)),
      Grid(blocks: blocks, threads: tiles.threads, shared: tiles.shared), arguments)
    if parts != nil {
      try launch(
        CUDAKernel(.convolution, "convolve_parts", .type(dtype)), Grid(over: count), arguments)
    }
  }
}

extension tk_convolution {
  /// Places or images as a product of matrices, one for each image, where windows are single pixels beside each other.
  fileprivate var product: tk_gemm? {
    let (plane, makesImages) = (window.height * window.width, way == tk_convolution_images)
    guard groups == 1, bias == nil, window.kernel_height == 1, window.kernel_width == 1,
      window.stride_height == 1, window.stride_width == 1, window.pad_top == 0,
      window.pad_left == 0,
      window.out_height == window.height, window.out_width == window.width
    else { return nil }
    let (m, k) = makesImages ? (window.channels, outputs) : (outputs, window.channels)
    var gemm = tk_gemm()
    (gemm.m, gemm.n, gemm.k, gemm.batch) = (m, plane, k, window.count)
    // The weight is [outputs, channels], and the same for every image.
    (gemm.a, gemm.b, gemm.c) = (b, a, result)
    (gemm.a_row, gemm.a_column) = makesImages ? (1, m) : (k, 1)
    (gemm.b_row, gemm.b_column, gemm.b_batch) = (plane, 1, k * plane)
    (gemm.c_row, gemm.c_batch) = (plane, m * plane)
    (gemm.input, gemm.output, gemm.alpha) = (dtype, dtype, 1)
    return gemm
  }
}

extension tk_cuda_convolution {
  fileprivate init(_ convolution: tk_convolution) {
    self.init()
    let window = convolution.window
    makes_images = convolution.way == tk_convolution_images
    rows = tk_cuda_axis(
      extent: window.height, kernel: window.kernel_height, stride: window.stride_height,
      dilation: window.dilation_height, before: window.pad_top, places: window.out_height,
      makesImages: makes_images)
    columns = tk_cuda_axis(
      extent: window.width, kernel: window.kernel_width, stride: window.stride_width,
      dilation: window.dilation_width, before: window.pad_left, places: window.out_width,
      makesImages: makes_images)
    (count, groups) = (window.count, Int32(convolution.groups))
    let images = Int32(window.channels / convolution.groups)
    let places = Int32(convolution.outputs / convolution.groups)
    (source_channels, result_channels) = makes_images ? (places, images) : (images, places)
    (source, bias, result) = (convolution.a, convolution.bias, convolution.result)
    splits = 1
  }
}

extension tk_cuda_axis {
  /// A single place has no next one, and a single tap neither: their distance does not count. Where images are made of
  /// a single place it is chosen so that every pixel is a phase of its own, seen by one tap.
  fileprivate init(
    extent: Int64, kernel: Int64, stride: Int64, dilation: Int64, before: Int64, places: Int64,
    makesImages: Bool
  ) {
    let dilation = kernel <= 1 ? 1 : dilation
    let alone = makesImages ? extent + before + kernel * dilation : 1
    let stride = places <= 1 ? alone : stride
    var (a, b) = (stride, dilation)
    while b != 0 { (a, b) = (b, a % b) }
    self.init(
      extent: Int32(extent), kernel: Int32(kernel), stride: Int32(stride),
      dilation: Int32(dilation),
      before: Int32(before), places: Int32(places), tap_step: Int32(stride / a))
  }

  /// Results whose windows begin at the same place within a stride are a phase.
  fileprivate func phases(_ convolution: tk_cuda_convolution) -> Int {
    convolution.makes_images ? Int(min(stride, extent)) : 1
  }

  /// Results of the largest phase.
  fileprivate func results(_ convolution: tk_cuda_convolution) -> Int {
    convolution.makes_images ? quotientUp(Int(extent), Int(stride)) : Int(places)
  }
}
