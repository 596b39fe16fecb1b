/// Where a tensor's value came from: a tracked leaf, or a node of the graph.
///
/// `@unchecked Sendable`: it has no state of its own, and those that inherit from it say why they may be shared.
package class Origin: @unchecked Sendable {
  package init() {}
}

/// An array of numbers of any rank: one immutable value.
///
///     let x = Tensor([[1.0, 2.0], [3.0, 4.0]])
///     let y = (x * 2 + 1).sum(axis: 0)      // [10, 14]
///
/// Copies and views share memory. Operations on tracked tensors (see ``tracked()`` and `Parameter`) are
/// recorded, so that gradients can be asked for.
public struct Tensor: Sendable {
  package let form: TensorForm
  /// Nil for a hollow tensor, which has a shape but no elements: the result of a call that failed in a
  /// `validated` scope, or an input that a gradient needs the shape of but not the value.
  package private(set) var storage: Storage?
  package let origin: Origin?

  package init(storage: Storage?, form: TensorForm, origin: Origin? = nil) {
    self.form = form
    self.storage = storage
    self.origin = origin
  }

  package init(storage: Storage?, layout: Layout, dtype: DType, origin: Origin? = nil) {
    self.init(storage: storage, form: TensorForm(layout, dtype), origin: origin)
  }

  /// The extents of the axes, outermost first.
  public var shape: Shape { form.layout.shape }
  /// The number of axes.
  public var rank: Int { form.layout.shape.rank }
  /// The number of elements.
  public var count: Int { form.count }
  /// How elements are stored.
  public var dtype: DType { form.dtype }
  /// Whether operations on this tensor are recorded for gradients.
  public var requiresGradient: Bool { origin != nil }
}

/// How the elements of a tensor lie and are stored. Tensors that are alike share one.
package final class TensorForm: Sendable {
  package let layout: Layout
  package let dtype: DType
  /// The number of elements.
  package let count: Int
  package let isContiguous: Bool

  package init(_ layout: Layout, _ dtype: DType) {
    self.layout = layout
    self.dtype = dtype
    count = layout.shape.count
    isContiguous = layout.isContiguous
  }

  /// The form of fresh elements.
  package convenience init(_ spec: TensorSpec) {
    self.init(Layout(contiguous: spec.shape), spec.dtype)
  }

  /// The bytes of all elements.
  package var byteCount: Int { count * dtype.byteCount }

  /// Whether fresh elements of this shape and dtype have this form.
  package func isFresh(_ spec: TensorSpec) -> Bool {
    dtype == spec.dtype && isContiguous && layout.offset == 0 && layout.shape == spec.shape
  }
}

extension Tensor {
  package var layout: Layout { form.layout }
  package var isHollow: Bool { storage == nil }

  /// A tensor without elements, for results of calls that failed.
  package static func hollow(_ shape: Shape, _ dtype: DType) -> Tensor {
    Tensor(storage: nil, layout: Layout(contiguous: shape), dtype: dtype, origin: nil)
  }

  /// The same value with another origin.
  package func with(origin: Origin?) -> Tensor {
    Tensor(storage: storage, form: form, origin: origin)
  }

  /// The same shape, dtype and origin without the elements.
  package var hollow: Tensor {
    Tensor(storage: nil, form: form, origin: origin)
  }

  /// Whether both are the same elements in the same memory.
  package func isSame(as other: Tensor) -> Bool {
    storage === other.storage && dtype == other.dtype && layout == other.layout
  }

  /// The tensor, which this variable no longer holds.
  package mutating func take() -> Tensor {
    defer { self = hollow.detached() }
    return self
  }

  /// Whether the elements are those of a spec, one after the other, and its memory holds nothing else.
  package func fills(_ spec: TensorSpec) -> Bool {
    storage?.byteCount == form.byteCount && form.isFresh(spec)
  }

  /// Lets go of the elements.
  package mutating func empty() { storage = nil }

  /// Whether nobody else holds the memory.
  package mutating func holdsAlone() -> Bool { isKnownUniquelyReferenced(&storage) }

  /// The address of the first element, in the memory of its device.
  package var address: UnsafeMutableRawPointer {
    guard let storage else {
      preconditionFailure("defect: the elements of a hollow tensor were read")
    }
    return storage.memory + form.layout.offset * form.dtype.byteCount
  }

  /// The same value, cut off from the operations that made it: no gradient flows through it.
  public func detached() -> Tensor { origin == nil ? self : with(origin: nil) }
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
