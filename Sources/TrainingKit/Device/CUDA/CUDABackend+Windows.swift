package import CTrainingKernels

extension CUDABackend {
  package func unfold(
    _ window: tk_window, padding: Double, _ images: Tensor, into columns: Tensor
  ) throws(DeviceFault) {
    guard columns.count > 0 else { return }
    let outputs = Int(window.out_height * window.out_width)
    var arguments = tk_cuda_window(window, images.address, columns.address, plane: outputs)
    arguments.padding = tk_padding_bits(images.dtype.kernel, padding)
    let planes = window.count * window.channels * window.kernel_height * window.kernel_width
    let kernel = CUDAKernel(.window, "unfold", .type(images.dtype.carrier))
    try launch(kernel, Grid(planes: Int(planes), arguments, plane: outputs), arguments)
  }

  package func fold(
    _ window: tk_window, _ columns: Tensor, into images: Tensor
  ) throws(DeviceFault) {
    guard images.count > 0 else { return }
    let pixels = Int(window.height * window.width)
    let arguments = tk_cuda_window(window, columns.address, images.address, plane: pixels)
    let kernel = CUDAKernel(.window, "fold", .type(images.dtype))
    let planes = Int(window.count * window.channels)
    try launch(kernel, Grid(planes: planes, arguments, plane: pixels), arguments)
  }
}

extension Grid {
  /// Blocks for the tiles of planes of so many elements; small ones take as many threads as they need.
  fileprivate init(planes: Int, _ arguments: tk_cuda_window, plane: Int) {
    self.init(
      blocks: planes * Int(arguments.tiles), threads: min(256, plane.pieces(of: 32) * 32))
  }
}

extension tk_cuda_window {
  fileprivate init(
    _ window: tk_window, _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer, plane: Int
  ) {
    self.init()
    (self.x, self.y, tile) = (UnsafeRawPointer(x), y, 1024)
    tiles = Int64(plane.pieces(of: 1024))
    (height, width) = (Int32(window.height), Int32(window.width))
    (kernel_height, kernel_width) = (Int32(window.kernel_height), Int32(window.kernel_width))
    (stride_height, stride_width) = (Int32(window.stride_height), Int32(window.stride_width))
    dilation_height = Int32(window.dilation_height)
    dilation_width = Int32(window.dilation_width)
    (pad_top, pad_left) = (Int32(window.pad_top), Int32(window.pad_left))
    (out_height, out_width) = (Int32(window.out_height), Int32(window.out_width))
  }
}
