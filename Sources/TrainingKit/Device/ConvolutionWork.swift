internal import CTrainingKernels

/// A product of images, a weight and places, and how it is cut into pieces.
package struct ConvolutionWork {
  private let convolution: tk_convolution
  private let stages: tk_convolution_work
  let dtype: DType
  /// Multiplications with additions.
  let productCount: Int
  let work: ScratchWork

  /// The operands are contiguous, and `result` is fresh.
  init(
    _ product: ConvolutionProduct, _ a: Tensor, _ b: Tensor, bias: Tensor?, into result: Tensor
  ) {
    let images = product.way == .images ? result.shape : a.shape
    let places =
      switch product.way {
      case .places: result.shape
      case .images: a.shape
      case .weight: b.shape
      }
    var convolution = tk_convolution(
      way: product.way.kernel, dtype: result.dtype.kernel,
      window: product.window.kernel(count: images[0], channels: images[1]),
      outputs: Int64(places[1]),
      groups: Int64(product.groups), a: UnsafeRawPointer(a.address), b: UnsafeRawPointer(b.address),
      bias: UnsafeRawPointer(bias?.address),
      result: result.address)
    stages = tk_convolution_plan(&convolution)
    self.convolution = convolution
    dtype = result.dtype
    productCount =
      places.count * (images[1] / product.groups) * product.window.rows.kernel
      * product.window.columns.kernel
    work = ScratchWork(
      product.name, pieces: Int(stages.pieces), work: productCount, size: stages.workspace,
      shared: stages.shared)
  }

  func run(in pool: MemoryPool) throws(NoRoom) {
    let room = try work.room(from: pool)
    withUnsafePointer(to: convolution) { convolution in
      parallelFor(Int(stages.before), grain: 1) { begin, end in
        tk_convolution_before(convolution, room.memory, Int64(begin), Int64(end))
      }
      work.run(in: room) { scratch, begin, end in
        tk_convolution_run(convolution, room.memory, scratch, begin, end)
      }
      parallelFor(Int(stages.after), grain: 16) { begin, end in
        tk_convolution_after(convolution, room.memory, Int64(begin), Int64(end))
      }
    }
  }
}

extension ConvolutionProduct.Way {
  fileprivate var kernel: tk_convolution_way {
    switch self {
    case .places: tk_convolution_places
    case .images: tk_convolution_images
    case .weight: tk_convolution_weight
    }
  }
}
