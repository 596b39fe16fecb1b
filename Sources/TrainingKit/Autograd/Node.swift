/// One recorded operation of the graph. It holds its inputs, and thereby the nodes before it.
///
/// `@unchecked Sendable`: what may change is written only while the node is being destroyed, when nobody else holds it.
package final class Node: Origin, @unchecked Sendable {
  package private(set) var operation: any Differentiable
  package private(set) var inputs: [Tensor]
  package let output: Tensor
  /// The length of the longest chain of nodes below; inputs always have less.
  package let depth: Int
  /// The innermost module that was running.
  package let module: ObjectIdentifier?
  /// The piece of the graph that it is part of; nil for the rest.
  package let piece: GraphPiece?

  package init(
    _ operation: any Differentiable, inputs: [Tensor], output: Tensor, in context: Context
  ) {
    self.operation = operation
    self.inputs = inputs
    self.output = output
    module = context.moduleIdentity
    piece = context.piece
    depth = inputs.reduce(0) { max($0, $1.node.map { $0.depth + 1 } ?? 0) }
  }

  /// Takes the nodes below apart without recursion: a chain of 100,000 would overflow the stack otherwise.
  deinit {
    var orphans = takeInputs()
    while let orphan = orphans.popLast() {
      orphans.append(contentsOf: Node.takeInputs(ofLastReferenceTo: consume orphan))
    }
  }

  private func takeInputs() -> [Tensor] {
    // What the operation itself holds may end at the same nodes, which are to have one holder then.
    operation = Spent()
    defer { inputs = [] }
    return inputs.filter { $0.node != nil }
  }

  /// The inputs of the tensor's node when nobody else holds that node any more, else nothing.
  private static func takeInputs(ofLastReferenceTo tensor: consuming Tensor) -> [Tensor] {
    var body = tensor.body
    _ = consume tensor
    guard isKnownUniquelyReferenced(&body), var node = body.origin as? Node else { return [] }
    _ = consume body
    return isKnownUniquelyReferenced(&node) ? node.takeInputs() : []
  }
}

/// The operation of a node that is being destroyed.
private struct Spent: Differentiable {
  var name: String { "spent" }

  func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] { [] }
}

/// The nodes that one call recorded, told from all others.
package final class GraphPiece: Sendable {
  package init() {}

  /// The origins that the piece hangs on, in the order in which they are found from a result of it.
  package func boundary(from result: Tensor) -> [any Origin] {
    var seen: Set<ObjectIdentifier> = []
    var found: [any Origin] = []
    var stack = [result]
    while let tensor = stack.popLast() {
      guard let origin = tensor.body.origin, seen.insert(ObjectIdentifier(origin)).inserted else {
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
package final class Leaf: Origin {
  package init() {}
}

extension Tensor {
  package var node: Node? { body.origin as? Node }

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
