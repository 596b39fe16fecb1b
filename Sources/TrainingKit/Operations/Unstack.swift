extension Tensor {
  /// The parts along an axis, without it: what ``stack(_:axis:)`` was given.
  ///
  ///     let tokens = x.unstacked(axis: 1)     // [batch, length, features] → length of [batch, features]
  ///
  /// - Gradient: halving takes as many additions as the tensor has elements times the logarithm of the
  ///   parts, where views of single places would take the product of both.
  public func unstacked(axis: Int = 0) -> [Tensor] {
    guard let axis = self.axis(axis, "unstacked") else { return [self] }
    return halved(axis).map { $0.squeezed(axis: axis) }
  }

  /// Parts of extent one.
  private func halved(_ axis: Int) -> [Tensor] {
    let extent = shape[axis]
    guard extent > 1 else { return extent == 1 ? [self] : [] }
    let halves = split(sizes: [extent / 2, extent - extent / 2], axis: axis)
    return halves.flatMap { $0.halved(axis) }
  }
}
