internal import CTrainingKernels

/// Which of images, a weight and places is made of the other two.
enum ConvolutionWay { case places, images, weight }

/// What a product of images, a weight and places is made of.
struct ConvolutionOperands {
  let name: String
  let way: ConvolutionWay
  let window: tk_window
  let groups: Int
  let a, b: Tensor
  let bias: Tensor?
  let result: Tensor
}

/// A product of images, a weight and places, and how it is cut into pieces.
package struct ConvolutionWork {
  let operands: ConvolutionOperands
  let convolution: tk_convolution
  private let stages: tk_convolution_work
  let dtype: DType
  /// Multiplications with additions.
  let productCount: Int
  let work: ScratchWork

  /// The operands are contiguous, in the order of images, weight, places without the result, which is fresh.
  init(
    _ name: String, _ way: ConvolutionWay, _ window: tk_window, groups: Int, _ a: Tensor,
    _ b: Tensor, bias: Tensor?,
    into result: Tensor
  ) {
    self.init(
      ConvolutionOperands(
        name: name, way: way, window: window, groups: groups, a: a, b: b, bias: bias,
        result: result))
  }

  init(_ operands: ConvolutionOperands) {
    let (a, b, result) = (operands.a, operands.b, operands.result)
    let weight = operands.way == .weight ? result : b
    var convolution = tk_convolution(
      way: operands.way.kernel, dtype: result.dtype.kernel, window: operands.window,
      outputs: Int64(weight.shape[0]), groups: Int64(operands.groups),
      a: UnsafeRawPointer(a.address), b: UnsafeRawPointer(b.address),
      bias: UnsafeRawPointer(operands.bias?.address), result: result.address)
    stages = tk_convolution_plan(&convolution)
    self.operands = operands
    self.convolution = convolution
    dtype = result.dtype
    let window = operands.window
    productCount = weight.count * Int(window.count * window.out_height * window.out_width)
    work = ScratchWork(
      operands.name, pieces: Int(stages.pieces), work: productCount, size: stages.workspace,
      shared: stages.shared)
  }

  func run(in pool: MemoryPool) throws(DeviceFault) {
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

extension ConvolutionWay {
  fileprivate var kernel: tk_convolution_way {
    switch self {
    case .places: tk_convolution_places
    case .images: tk_convolution_images
    case .weight: tk_convolution_weight
    }
  }
}
