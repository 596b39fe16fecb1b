/// An optimizer that needs memory for one tensor of the parameter's size, its ``Tensor/room``, and nothing else.
package protocol OneRoomUpdating where Self: Optimizer {}

extension OneRoomUpdating {
  /// This optimizer for every parameter.
  public func rule(for parameter: NamedParameter) -> UpdateRule {
    UpdateRule(self, isOnePass: false, needsRoom: true)
  }
}

/// Memory that the updates of several parameters use, one after the other.
struct UpdateRoom: Sendable {
  private let bytes: Tensor

  /// Memory for the largest of the parameters; nil for no parameters, or after reporting that there is none.
  init?(for moves: [ParameterMove]) {
    let sizes = moves.map { $0.named.parameter.value }.map { $0.count * $0.dtype.byteCount }
    guard let largest = sizes.max() else { return nil }
    bytes = Tensor.fresh("update", [largest], .uint8) { _, _ in }
    if bytes.isHollow { return nil }
  }

  fileprivate func view(like value: Tensor) -> Tensor {
    Tensor(
      storage: bytes.storage, layout: Layout(contiguous: value.shape), dtype: value.dtype)
  }
}

extension Tensor {
  /// Memory for a tensor of this shape and dtype, of which nothing is known: that of all updates where there is one.
  var room: Tensor {
    Context.current.scoped(UpdateRoom.self)?.view(like: self)
      ?? Tensor.fresh("update", shape, dtype) { _, _ in }
  }
}
