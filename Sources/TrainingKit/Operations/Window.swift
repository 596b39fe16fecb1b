internal import CTrainingKernels

/// Two numbers for the axes of an image: height and width. A literal of one number stands for both.
///
///     x.conv2d(weight, stride: 2, padding: [1, 0])
public struct Size2: Sendable, Hashable {
  /// The number for the vertical axis.
  public var height: Int
  /// The number for the horizontal axis.
  public var width: Int

  /// Creates a size of two numbers.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// Creates a size of one number for both axes.
  public init(_ both: Int) { self.init(both, both) }
}

extension Size2: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// Creates a size of one number for both axes.
  public init(integerLiteral both: Int) { self.init(both) }

  /// Creates a size of height and width.
  ///
  /// - Errors: traps unless there are two numbers.
  public init(arrayLiteral numbers: Int...) {
    precondition(
      numbers.count == 2, "Size2: expected two numbers, height and width, got \(numbers)")
    self.init(numbers[0], numbers[1])
  }
}

extension Size2: CustomStringConvertible {
  /// Height and width in brackets, such as `[3, 5]`.
  public var description: String { "[\(height), \(width)]" }
}

/// How a window moves along one axis of an image.
package struct WindowAxis: Sendable, Hashable {
  /// The extent of the image.
  package let extent: Int
  package let kernel, stride, dilation: Int
  /// Padding before the image; as much as the last window needs is behind it.
  package let before: Int
  /// How many places the window takes.
  package let positions: Int

}

extension WindowAxis {
  /// A window that stays inside of the padded image.
  ///
  /// - Parameter ceilMode: whether a last window may stand out behind, when it starts inside.
  init(
    _ operation: String, extent: Int, kernel: Int, stride: Int, dilation: Int = 1,
    padding: (before: Int, after: Int), ceilMode: Bool = false
  ) throws(TensorError) {
    try TensorError.expect(kernel, atLeast: 1, "kernel", operation)
    try TensorError.expect(stride, atLeast: 1, "stride", operation)
    try TensorError.expect(dilation, atLeast: 1, "dilation", operation)
    try TensorError.expect(padding.before, atLeast: 0, "padding", operation)
    let room = extent + padding.before + padding.after - dilation * (kernel - 1) - 1
    guard room >= 0 else {
      throw TensorError(
        .shape, operation,
        expected:
          "an image at least as large as the kernel, which spans \(dilation * (kernel - 1) + 1)",
        got: "\(extent) and padding of \(padding.before + padding.after)")
    }
    var positions = (room + (ceilMode ? stride - 1 : 0)) / stride + 1
    if ceilMode, (positions - 1) * stride >= extent + padding.before { positions -= 1 }
    self.init(
      extent: extent, kernel: kernel, stride: stride, dilation: dilation, before: padding.before,
      positions: positions)
  }
}

/// A window that slides over images.
package struct Window: Sendable, Hashable {
  package let rows, columns: WindowAxis

  func kernel(count: Int, channels: Int) -> tk_window {
    tk_window(
      count: Int64(count), channels: Int64(channels), height: Int64(rows.extent),
      width: Int64(columns.extent), kernel_height: Int64(rows.kernel),
      kernel_width: Int64(columns.kernel), stride_height: Int64(rows.stride),
      stride_width: Int64(columns.stride), dilation_height: Int64(rows.dilation),
      dilation_width: Int64(columns.dilation), pad_top: Int64(rows.before),
      pad_left: Int64(columns.before), out_height: Int64(rows.positions),
      out_width: Int64(columns.positions))
  }
}

/// What a window sees at each of its places: `[batch, channels, height, width]` →
/// `[batch, channels, kernel height, kernel width, rows of places, columns of places]`.
struct Unfold: Operation {
  let window: Window
  /// What it sees outside of the image.
  let padding: Double

  var name: String { "unfolded" }
  var saves: Saved { [] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let shape = inputs[0].shape
    guard shape.rank == 4, shape[2] == window.rows.extent, shape[3] == window.columns.extent else {
      let image = "\(window.rows.extent), \(window.columns.extent)"
      throw .shape(name, expected: "[batch, channels, \(image)]", got: shape)
    }
    let (rows, columns) = (window.rows, window.columns)
    return TensorSpec(
      [
        shape[0], shape[1], rows.kernel, columns.kernel, rows.positions, columns.positions,
      ], inputs[0].dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    let kernel = window.kernel(count: output.shape[0], channels: output.shape[1])
    try backend.unfold(kernel, padding: padding, inputs[0], into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    [gradient.folded(window)]
  }
}

/// The images in which every pixel is the sum of all that windows saw there: the adjoint of
/// `Unfold`.
struct Fold: Operation {
  let window: Window

  var name: String { "folded" }
  var saves: Saved { [] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let shape = inputs[0].shape
    let (rows, columns) = (window.rows, window.columns)
    let seen = [rows.kernel, columns.kernel, rows.positions, columns.positions]
    guard shape.rank == 6, Array(shape.dropFirst(2)) == seen else {
      throw .shape(name, expected: "[batch, channels] and then \(seen)", got: shape)
    }
    return TensorSpec([shape[0], shape[1], rows.extent, columns.extent], inputs[0].dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    let kernel = window.kernel(count: output.shape[0], channels: output.shape[1])
    try backend.fold(kernel, inputs[0], into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    [gradient.unfolded(window)]
  }
}

extension Tensor {
  /// What a window sees at each of its places in these images, and `padding` outside of them.
  package func unfolded(_ window: Window, padding: Double = 0) -> Tensor {
    Unfold(window: window, padding: padding)(contiguous())
  }

  /// The images in which every pixel is the sum of all that windows saw there.
  package func folded(_ window: Window) -> Tensor { Fold(window: window)(contiguous()) }
}
