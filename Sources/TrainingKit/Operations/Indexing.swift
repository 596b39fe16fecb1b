/// What can stand between the brackets of a tensor subscript, one for each axis.
public protocol TensorIndex: Sendable {
  /// What the index means for an axis.
  var position: TensorIndexPosition { get }
}

/// What an index means for an axis.
public enum TensorIndexPosition: Sendable, Hashable {
  /// One place; the axis goes away.
  case at(Int)
  /// Every step-th place from `start` to before `end`; nil is the end of the axis.
  case slice(start: Int?, end: Int?, step: Int)
  /// As many whole axes as are not spoken of.
  case rest
  /// A new axis of one.
  case new
}

extension TensorIndex where Self == TensorIndexPosition {
  /// As many whole axes as are not spoken of.
  public static var ellipsis: Self { .rest }

  /// A new axis of one.
  public static var newAxis: Self { .new }

  /// The whole axis.
  public static var all: Self { .slice(start: nil, end: nil, step: 1) }

  /// Every step-th place from `start` to before `end`; negative places count from the back.
  public static func from(_ start: Int?, to end: Int? = nil, by step: Int = 1) -> Self {
    .slice(start: start, end: end, step: step)
  }
}

extension TensorIndexPosition: TensorIndex {
  /// Itself.
  public var position: TensorIndexPosition { self }
}
extension Int: TensorIndex {
  /// One place; negative ones count from the back.
  public var position: TensorIndexPosition { .at(self) }
}
extension Range<Int>: TensorIndex {
  /// The places of the range.
  public var position: TensorIndexPosition { .slice(start: lowerBound, end: upperBound, step: 1) }
}
extension ClosedRange<Int>: TensorIndex {
  /// The places of the range.
  public var position: TensorIndexPosition {
    .slice(start: lowerBound, end: upperBound + 1, step: 1)
  }
}
extension PartialRangeFrom<Int>: TensorIndex {
  /// The places from the bound on.
  public var position: TensorIndexPosition { .slice(start: lowerBound, end: nil, step: 1) }
}
extension PartialRangeUpTo<Int>: TensorIndex {
  /// The places before the bound.
  public var position: TensorIndexPosition { .slice(start: nil, end: upperBound, step: 1) }
}
extension PartialRangeThrough<Int>: TensorIndex {
  /// The places up to the bound.
  public var position: TensorIndexPosition {
    .slice(start: nil, end: upperBound == -1 ? nil : upperBound + 1, step: 1)
  }
}

extension Tensor {
  /// A part of the tensor, as a view that shares its memory.
  ///
  ///     x[0]                            // the first row
  ///     x[1..<3, -1]                    // the last column of two rows
  ///     x[.all, .from(0, by: 2)]        // every second column
  ///     x[.ellipsis, 0]                 // the first place of the last axis
  ///
  /// - Errors: traps when a place is outside of its axis or there are more indices than axes. Ends of slices are
  ///   brought into the axis, as in NumPy.
  public subscript<each Index: TensorIndex>(_ indices: repeat each Index) -> Tensor {
    var positions: [TensorIndexPosition] = []
    for index in repeat each indices { positions.append(index.position) }
    return subscripted(positions)
  }

  package func subscripted(_ positions: [TensorIndexPosition]) -> Tensor {
    checked { () throws(TensorError) in try selecting(positions) }
  }

  private func selecting(_ positions: [TensorIndexPosition]) throws(TensorError) -> Tensor {
    let positions = try completed(positions)
    var starts: [Int] = []
    var steps: [Int] = []
    var extents: [Int] = []
    var kept: [Int] = []
    for position in positions {
      let axis = starts.count
      if position == .new {
        kept.append(1)
        continue
      }
      let range = try resolved(position, axis: axis)
      starts.append(range.start)
      steps.append(range.step)
      extents.append(range.count)
      if case .at = position { continue }
      kept.append(range.count)
    }
    return Slice(starts: starts, steps: steps, shape: Shape(extents))(self).reshaped(Shape(kept))
  }

  /// The positions with an ellipsis written out.
  private func completed(
    _ positions: [TensorIndexPosition]
  ) throws(TensorError) -> [TensorIndexPosition] {
    let spoken = positions.filter { $0 != .rest && $0 != .new }.count
    guard spoken <= rank, positions.filter({ $0 == .rest }).count <= 1 else {
      throw .argument(
        "subscript", expected: "at most \(rank) indices and one ellipsis for \(shape)",
        got: positions.count)
    }
    let rest = Array(repeating: TensorIndexPosition.all, count: rank - spoken)
    guard let place = positions.firstIndex(of: .rest) else { return positions + rest }
    return positions[..<place] + rest + positions[(place + 1)...]
  }

  private func resolved(
    _ position: TensorIndexPosition, axis: Int
  ) throws(TensorError) -> (start: Int, step: Int, count: Int) {
    let extent = shape.lanes[axis]
    func fromFront(_ place: Int) -> Int { place < 0 ? place + extent : place }
    switch position {
    case .at(let place):
      let start = fromFront(place)
      guard start >= 0, start < extent else {
        throw TensorError(
          .index, "subscript", expected: "a place of axis \(axis) of \(shape)", got: "\(place)")
      }
      return (start, 1, 1)
    case .slice(let start, let end, let step):
      guard step > 0 else {
        throw .argument("subscript", expected: "a step above 0 (flipped() reverses)", got: step)
      }
      let first = Swift.min(Swift.max(fromFront(start ?? 0), 0), extent)
      let last = Swift.min(Swift.max(fromFront(end ?? extent), first), extent)
      return (first == extent ? 0 : first, step, (last - first + step - 1) / step)
    case .rest, .new:
      preconditionFailure("defect: an index was not written out")
    }
  }
}
