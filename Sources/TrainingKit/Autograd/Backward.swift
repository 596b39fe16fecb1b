/// Carries a gradient from a result back to the origins it depends on.
///
/// Nodes are visited in the order of decreasing depth, so that a node's gradient is complete when its turn
/// comes; each is let go right after, which frees the values that only it kept.
package struct Backward {
  private var slots: [ObjectIdentifier: Int] = [:]
  private var gradients: [Tensor?] = []
  private var pending: [Node?] = []
  private let wanted: Set<ObjectIdentifier>
  private let isBounded: Bool
  private let add: Sum

  /// How the gradients of a value that is used twice are added, perhaps in the memory of one of them.
  package typealias Sum = (consuming Tensor, consuming Tensor) -> Tensor

  /// Runs backward from `root`.
  ///
  /// - Parameters:
  ///   - wanted: the origins whose gradients are returned.
  ///   - isBounded: whether the pass ends at them.
  package static func run(
    from root: consuming Tensor, seed: consuming Tensor, for wanted: Set<ObjectIdentifier>,
    isBounded: Bool = false, isRecorded: Bool, add: @escaping Sum
  ) -> [ObjectIdentifier: Tensor] {
    guard let origin = root.body.origin else { return [:] }
    var pass = Backward(wanted: wanted, isBounded: isBounded, add: add)
    pass.discover(origin)
    pass.gradients[0] = consume seed
    _ = consume origin
    _ = consume root
    // Gradients have the dtypes of what they are gradients of, also inside of an autocast.
    let context = Context.current
    return context.autocasting(nil) {
      context.recording(isRecorded) {
        context.charging(isRecorded ? .activations : .workspace) { pass.sweep() }
      }
    }
  }

  private init(wanted: Set<ObjectIdentifier>, isBounded: Bool, add: @escaping Sum) {
    (self.wanted, self.isBounded) = (wanted, isBounded)
    self.add = add
  }

  /// Gives every origin that can be reached a slot, without recursion.
  private mutating func discover(_ root: any Origin) {
    var stack: [any Origin] = [root]
    slots[ObjectIdentifier(root)] = 0
    gradients.append(nil)
    while let origin = stack.popLast() {
      guard let node = origin as? Node, !(isBounded && wanted.contains(ObjectIdentifier(node)))
      else { continue }
      pending.append(node)
      for input in node.inputs {
        guard let next = input.body.origin, slots[ObjectIdentifier(next)] == nil else { continue }
        slots[ObjectIdentifier(next)] = gradients.count
        gradients.append(nil)
        stack.append(next)
      }
    }
    // The sort is stable, so that sums have the same order in every run.
    pending.sort { $0!.depth > $1!.depth }
  }

  private mutating func sweep() -> [ObjectIdentifier: Tensor] {
    var results: [ObjectIdentifier: Tensor] = [:]
    for position in pending.indices {
      let identity = ObjectIdentifier(pending[position]!)
      let slot = slots[identity]!
      if let gradient = gradients[slot].take() {
        if wanted.contains(identity) { results[identity] = gradient }
        propagate(consume gradient, through: pending[position]!)
      }
      pending[position] = nil
    }
    for identity in wanted {
      if let slot = slots[identity], let gradient = gradients[slot] { results[identity] = gradient }
    }
    return results
  }

  private mutating func propagate(_ gradient: consuming Tensor, through node: Node) {
    let output = node.output.with(origin: node)
    var handed: Tensor? = consume gradient
    var parts = Context.current.passing(node.module) {
      node.operation.backward(
        handed.take()!, inputs: node.operation.saves.restored(node.inputs), output: output)
    }
    let inputs = node.inputs
    precondition(parts.count == inputs.count, "defect: \(node.operation.name) lost a gradient")
    for position in inputs.indices {
      guard let origin = inputs[position].body.origin, let part = parts[position].take() else {
        continue
      }
      let slot = slots[ObjectIdentifier(origin)]!
      if let sum = gradients[slot].take() {
        gradients[slot] = add(consume sum, consume part)
      } else {
        gradients[slot] = consume part
      }
      if !isBounded, wanted.contains(ObjectIdentifier(origin)) {
        gradients[slot]?.charge(to: .gradients)
      }
    }
  }
}
