/// One recorded operation of the graph. It holds its inputs, and thereby the nodes before it.
///
/// `@unchecked Sendable`: what may change is written only while the node is being destroyed, when nobody else holds it.
package final class Node: Origin, @unchecked Sendable {
  package private(set) var operation: any Differentiable
  package private(set) var inputs: Operands
  package let output: Tensor
  /// The length of the longest chain of nodes below; inputs always have less.
  package let depth: Int
  /// The innermost module that was running.
  package let module: ObjectIdentifier?
  /// The piece of the graph that it is part of; nil for the rest.
  package let piece: GraphPiece?

  package init(
    _ operation: any Differentiable, inputs: consuming Operands, output: Tensor,
    in context: Context
  ) {
    var depth = 0
    for position in 0..<inputs.count {
      if let node = inputs.origin(position) as? Node { depth = max(depth, node.depth + 1) }
    }
    self.operation = operation
    self.inputs = inputs
    self.output = output
    self.depth = depth
    module = context.moduleIdentity
    piece = context.piece
  }

  /// Takes the nodes below apart without recursion: a chain of 100,000 would overflow the stack otherwise.
  deinit {
    var orphans: [Node] = []
    orphan(into: &orphans)
    while let node = orphans.popLast() { node.orphan(into: &orphans) }
  }

  /// Lets go of the inputs, but for the nodes that nobody else holds.
  private func orphan(into orphans: inout [Node]) {
    // What the operation itself holds may end at the same nodes, which are to have one holder then.
    operation = Spent()
    var inputs = Operands()
    swap(&inputs, &self.inputs)
    while let input = inputs.popLast() {
      guard var node = (consume input).node else { continue }
      if isKnownUniquelyReferenced(&node) { orphans.append(node) }
    }
  }
}

/// The operation of a node that is being destroyed.
private struct Spent: Differentiable {
  var name: String { "spent" }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes { [] }
}

/// The nodes that one call recorded, told from all others.
package final class GraphPiece: Sendable {
  package init() {}

  /// The origins that the piece hangs on, in the order in which they are found from a result of it.
  package func boundary(from result: Tensor) -> [Origin] {
    var seen: Set<ObjectIdentifier> = []
    var found: [Origin] = []
    var stack = [result]
    while let tensor = stack.popLast() {
      guard let origin = tensor.origin, seen.insert(ObjectIdentifier(origin)).inserted else {
        continue
      }
      if let node = origin as? Node, node.piece === self {
        stack.append(contentsOf: node.inputs)
      } else {
        found.append(origin)
      }
    }
    return found
  }
}

/// A tensor whose gradient can be asked for.
///
/// `@unchecked Sendable`: it has no state that changes.
package final class Leaf: Origin, @unchecked Sendable {
  /// Whether it is that of a parameter.
  package let isParameter: Bool

  package init(isParameter: Bool = false) { self.isParameter = isParameter }
}

extension Tensor {
  package var node: Node? { origin as? Node }

  /// The same value as a starting point of gradients: operations on it are recorded.
  ///
  ///     let x = Tensor([3.0]).tracked()
  ///     let slope = (x * x).sum().gradient(for: x)      // [6]
  ///
  /// - Errors: traps unless the dtype is floating-point.
  public func tracked() -> Tensor {
    guard dtype.isFloatingPoint else {
      Context.current.fail(
        TensorError.dtype("tracked", expected: "a floating-point dtype", got: dtype))
      return self
    }
    return with(origin: Leaf())
  }
}
