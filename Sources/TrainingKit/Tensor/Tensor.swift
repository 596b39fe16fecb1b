/// Where a tensor's value came from: a tracked leaf, or a node of the graph.
package protocol Origin: AnyObject, Sendable {}

/// An array of numbers of any rank: one immutable value.
///
///     let x = Tensor([[1.0, 2.0], [3.0, 4.0]])
///     let y = (x * 2 + 1).sum(axis: 0)      // [10, 14]
///
/// Copies and views share memory. Operations on tracked tensors (see ``tracked()`` and `Parameter`) are
/// recorded, so that gradients can be asked for.
public struct Tensor: Sendable {
  package let body: TensorBody

  package init(_ body: TensorBody) { self.body = body }

  package init(
    storage: Storage?, layout: Layout, dtype: DType, origin: (any Origin)? = nil
  ) {
    body = TensorBody(storage: storage, layout: layout, dtype: dtype, origin: origin)
  }

  /// The extents of the axes, outermost first.
  public var shape: Shape { body.layout.shape }
  /// The number of axes.
  public var rank: Int { body.layout.shape.rank }
  /// The number of elements.
  public var count: Int { body.layout.shape.count }
  /// How elements are stored.
  public var dtype: DType { body.dtype }
  /// Whether operations on this tensor are recorded for gradients.
  public var requiresGradient: Bool { body.origin != nil }
}

/// What a tensor refers to.
package final class TensorBody: Sendable {
  package let layout: Layout
  package let dtype: DType
  /// Nil for a hollow tensor, which has a shape but no elements: the result of a call that failed in a
  /// `validated` scope, or an input that a gradient needs the shape of but not the value.
  package let storage: Storage?
  package let origin: (any Origin)?

  package init(storage: Storage?, layout: Layout, dtype: DType, origin: (any Origin)?) {
    self.layout = layout
    self.dtype = dtype
    self.storage = storage
    self.origin = origin
  }
}

extension Tensor {
  package var layout: Layout { body.layout }
  package var isHollow: Bool { body.storage == nil }

  /// A tensor without elements, for results of calls that failed.
  package static func hollow(_ shape: Shape, _ dtype: DType) -> Tensor {
    Tensor(storage: nil, layout: Layout(contiguous: shape), dtype: dtype, origin: nil)
  }

  /// The same value with another origin.
  package func with(origin: (any Origin)?) -> Tensor {
    Tensor(storage: body.storage, layout: body.layout, dtype: body.dtype, origin: origin)
  }

  /// The same shape, dtype and origin without the elements.
  package var hollow: Tensor {
    Tensor(storage: nil, layout: body.layout, dtype: body.dtype, origin: body.origin)
  }

  /// The tensor, which this variable no longer holds.
  package mutating func take() -> Tensor {
    defer { self = hollow.detached() }
    return self
  }

  /// The memory, and whether nobody else holds it now that this tensor is gone.
  package consuming func released() -> (storage: Storage?, isSole: Bool) {
    var body = self.body
    _ = consume self
    guard isKnownUniquelyReferenced(&body), var storage = body.storage else {
      return (body.storage, false)
    }
    _ = consume body
    let isSole = isKnownUniquelyReferenced(&storage)
    return (storage, isSole)
  }

  /// Whether the elements are those of a spec, one after the other, and its memory holds nothing else.
  package func fills(_ spec: TensorSpec) -> Bool {
    dtype == spec.dtype && shape == spec.shape && layout.isContiguous
      && body.storage?.byteCount == count * dtype.byteCount
  }

  /// The address of the first element.
  package var address: UnsafeMutableRawPointer {
    guard let storage = body.storage else {
      preconditionFailure("defect: the elements of a hollow tensor were read")
    }
    return storage.memory + body.layout.offset * body.dtype.byteCount
  }

  /// The same value, cut off from the operations that made it: no gradient flows through it.
  public func detached() -> Tensor { body.origin == nil ? self : with(origin: nil) }
}

/// The shape and dtype of a result.
package struct TensorSpec: Sendable, Equatable {
  package var shape: Shape
  package var dtype: DType

  package init(_ shape: Shape, _ dtype: DType) {
    self.shape = shape
    self.dtype = dtype
  }
}
