/// Where the elements of a tensor lie in its storage; everything counts elements.
package struct Layout: Sendable, Equatable {
  package var shape: Shape
  package var strides: Lanes
  package var offset: Int

  package init(shape: Shape, strides: Lanes, offset: Int = 0) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  package init(contiguous shape: Shape) {
    self.init(shape: shape, strides: shape.contiguousStrides)
  }

  /// Whether elements lie in row-major order without gaps.
  package var isContiguous: Bool {
    var step = 1
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape.lanes[axis] != 1 {
      if strides[axis] != step { return shape.count == 0 }
      step *= shape.lanes[axis]
    }
    return true
  }

  /// Whether columns, and not rows, lie side by side.
  package var isTransposed: Bool {
    let (row, column) = (shape.rank - 2, shape.rank - 1)
    return row >= 0 && shape.lanes[row] > 1 && shape.lanes[column] > 1 && strides[row] == 1
      && strides[column] >= shape.lanes[row]
  }

  /// The same elements seen as a larger shape: grown axes have stride 0.
  package func broadcast(to target: Shape) -> Layout {
    shape == target
      ? self : Layout(shape: target, strides: strides(over: target), offset: offset)
  }

  /// The strides of the same elements seen as a larger shape.
  package func strides(over target: Shape) -> Lanes {
    if shape == target { return strides }
    var result = Lanes(repeating: 0)
    let lead = target.rank - shape.rank
    for axis in 0..<shape.rank where shape.lanes[axis] == target.lanes[axis + lead] {
      result[axis + lead] = strides[axis]
    }
    return result
  }

  package func permuted(_ axes: [Int]) -> Layout {
    var lanes = Lanes(repeating: 1)
    var result = Lanes(repeating: 0)
    for (axis, source) in axes.enumerated() {
      lanes[axis] = shape.lanes[source]
      result[axis] = strides[source]
    }
    return Layout(shape: Shape(rank: axes.count, lanes: lanes), strides: result, offset: offset)
  }

  /// The same elements in row-major order under another shape of as many, if strides can say that.
  package func reshaped(to target: Shape) -> Layout? {
    if isContiguous {
      return Layout(shape: target, strides: target.contiguousStrides, offset: offset)
    }
    var result = Lanes(repeating: 0)
    var axis = shape.rank - 1
    var newAxis = target.rank - 1
    // Match groups of axes of equal product from the back; inside one, strides must nest.
    while newAxis >= 0 {
      if target.lanes[newAxis] == 1 {
        newAxis -= 1
        continue
      }
      while axis >= 0, shape.lanes[axis] == 1 { axis -= 1 }
      guard axis >= 0 else { return nil }
      var extent = shape.lanes[axis]
      var step = strides[axis]
      let innermost = step
      step *= extent
      axis -= 1
      var newStep = innermost
      var product = 1
      while newAxis >= 0, product < extent || target.lanes[newAxis] == 1 {
        result[newAxis] = newStep
        newStep *= target.lanes[newAxis]
        product *= target.lanes[newAxis]
        newAxis -= 1
        while product > extent {
          while axis >= 0, shape.lanes[axis] == 1 { axis -= 1 }
          guard axis >= 0, strides[axis] == step else { return nil }
          extent *= shape.lanes[axis]
          step *= shape.lanes[axis]
          axis -= 1
        }
      }
    }
    return Layout(shape: target, strides: result, offset: offset)
  }
}
