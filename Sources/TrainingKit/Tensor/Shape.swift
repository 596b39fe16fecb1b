/// The extents of a tensor's axes, outermost first: at most eight.
///
///     let shape: Shape = [2, 3]
///     shape.count      // 6
///     shape[-1]        // 3
public struct Shape: Sendable, Hashable {
  /// The number of axes.
  public let rank: Int
  /// The extents; lanes behind the rank are 1, so that equal shapes have equal lanes.
  package let lanes: Lanes

  /// The most axes that a tensor has.
  public static let maximumRank = 8

  package init(rank: Int, lanes: Lanes) {
    self.rank = rank
    self.lanes = lanes
  }

  /// Creates a shape of the given extents.
  ///
  /// - Errors: traps when there are more than eight, or one is negative.
  public init(_ extents: some Sequence<Int>) {
    let extents = Array(extents)
    precondition(
      extents.count <= Shape.maximumRank, "Shape: expected at most 8 axes, got \(extents.count)")
    var lanes = Lanes(repeating: 1)
    for (axis, extent) in extents.enumerated() {
      precondition(extent >= 0, "Shape: expected extents of 0 or more, got \(extents)")
      lanes[axis] = extent
    }
    self.init(rank: extents.count, lanes: lanes)
  }

  /// The shape of a single value: no axes.
  public static let scalar = Shape(rank: 0, lanes: Lanes(repeating: 1))

  /// The number of elements.
  public var count: Int {
    var product = 1
    for axis in 0..<rank { product *= lanes[axis] }
    return product
  }

  /// The strides of an array of this shape whose elements lie in row-major order.
  package var contiguousStrides: Lanes {
    var strides = Lanes(repeating: 0)
    var step = 1
    for axis in stride(from: rank - 1, through: 0, by: -1) {
      strides[axis] = step
      step *= lanes[axis]
    }
    return strides
  }

  /// The axis counted from the front, when `axis` (which may count from the back: -1 is the last) exists.
  package func normalized(_ axis: Int) -> Int? {
    let positive = axis < 0 ? axis + rank : axis
    return positive >= 0 && positive < rank ? positive : nil
  }
}

// A sequence, not a collection: there `count` would have to be the number of axes.
extension Shape: ExpressibleByArrayLiteral, Sequence {
  /// Creates a shape of the given extents.
  public init(arrayLiteral extents: Int...) { self.init(extents) }

  /// The axes, counted from the front.
  public var indices: Range<Int> { 0..<rank }

  /// Goes through the extents, outermost first.
  public func makeIterator() -> IndexingIterator<[Int]> { extents.makeIterator() }

  private var extents: [Int] { indices.map { lanes[$0] } }

  /// The extents of some axes.
  public subscript(axes: some RangeExpression<Int>) -> ArraySlice<Int> { extents[axes] }

  /// The extent of an axis; negative axes count from the back.
  public subscript(axis: Int) -> Int {
    guard let axis = normalized(axis) else {
      preconditionFailure("Shape: expected an axis of \(self), got \(axis)")
    }
    return lanes[axis]
  }
}

extension Shape: CustomStringConvertible {
  /// The extents in brackets, such as `[2, 3]`.
  public var description: String { "\(Array(self))" }
}

extension Shape {
  /// This shape with one axis replaced, removed (nil) or grown.
  package func replacing(_ axis: Int, with extent: Int) -> Shape {
    var lanes = lanes
    lanes[axis] = extent
    return Shape(rank: rank, lanes: lanes)
  }

  /// This shape without its last axes; without axes where it has no more.
  package func droppingLast(_ count: Int) -> Shape {
    var lanes = lanes
    for axis in Swift.max(0, rank - count)..<rank { lanes[axis] = 1 }
    return Shape(rank: Swift.max(0, rank - count), lanes: lanes)
  }

  package func removing(_ axis: Int) -> Shape {
    var extents = Array(self)
    extents.remove(at: axis)
    return Shape(extents)
  }

  package func inserting(_ extent: Int, at axis: Int) -> Shape {
    var extents = Array(self)
    extents.insert(extent, at: axis)
    return Shape(extents)
  }

  /// The shape that both broadcast to by NumPy's rule, or nil.
  package func broadcast(with other: Shape) -> Shape? {
    if self == other { return self }
    let rank = Swift.max(rank, other.rank)
    var lanes = Lanes(repeating: 1)
    for back in 1..<(rank + 1) {
      let left = back <= self.rank ? self.lanes[self.rank - back] : 1
      let right = back <= other.rank ? other.lanes[other.rank - back] : 1
      guard left == right || left == 1 || right == 1 else { return nil }
      lanes[rank - back] = left == 1 ? right : left
    }
    return Shape(rank: rank, lanes: lanes)
  }
}
