/// Carries a gradient from a result back to the origins it depends on.
///
/// Nodes are visited in the order of decreasing depth, so that a node's gradient is complete when its turn
/// comes; each is let go right after, which frees the values that only it kept.
package struct Backward {
  /// A node whose turn is to come.
  private struct Visit {
    var node: Node?
    let depth: Int
    /// The number of the node.
    let number: Int
    /// Where the numbers of its inputs' origins begin.
    let inputs: Int
  }

  private var visits: [Visit] = []
  /// The numbers of the inputs' origins, visit for visit; −1 for an input without one.
  private var inputNumbers: [Int] = []
  /// By the numbers of origins.
  private var gradients: [Tensor?] = []
  private var isWanted: [Bool] = []
  private var table = OriginTable()

  /// How the gradients of a value that is used twice are added, perhaps in the memory of one of them.
  package typealias Sum = (consuming Tensor, consuming Tensor) -> Tensor

  /// A pass from a result, which finds out what it reaches.
  ///
  /// - Parameter bounds: origins at which it ends.
  package init(from root: consuming Tensor, within bounds: [Origin] = []) {
    if let origin = root.origin { discover(origin, Set(bounds.map { ObjectIdentifier($0) })) }
  }

  /// Whether the result depends on an origin.
  package func reaches(_ origin: Origin) -> Bool { table.number(of: origin) != nil }

  /// The leaves that the result depends on.
  package var leaves: some Sequence<Leaf> { table.origins.lazy.compactMap { $0 as? Leaf } }

  /// Runs the pass, and gives the gradient of each origin that is wanted; nil where none reaches it. Nobody else should
  /// hold the result, so that what its graph keeps is freed on the way.
  ///
  /// - Parameters:
  ///   - seed: the gradient of the result.
  ///   - owner: what the memory of complete gradients is noted as; nil for as the rest.
  package consuming func run(
    seed: consuming Tensor, for wanted: [Origin], chargedTo owner: MemoryOwner? = .gradients,
    isRecorded: Bool, add: Sum
  ) -> [Tensor?] {
    guard !gradients.isEmpty else { return wanted.map { _ in nil } }
    let numbers = wanted.map { table.number(of: $0) }
    for case let number? in numbers { isWanted[number] = true }
    gradients[0] = consume seed
    // Nodes have no other holders than the visits and one another.
    table = OriginTable()
    // Gradients have the dtypes of what they are gradients of, also inside of an autocast.
    let context = Context.current
    context.autocasting(nil) {
      context.recording(isRecorded) {
        context.charging(isRecorded ? .activations : .workspace) {
          sweep(owner, context, add)
        }
      }
    }
    return numbers.map { $0.flatMap { gradients[$0] } }
  }

  /// Numbers every origin that can be reached, without recursion.
  private mutating func discover(_ root: Origin, _ bounds: Set<ObjectIdentifier>) {
    var stack: [Origin] = [root]
    _ = table.meet(root)
    while let origin = stack.popLast() {
      guard let node = origin as? Node, !bounds.contains(ObjectIdentifier(node)) else { continue }
      visits.append(
        Visit(
          node: node, depth: node.depth, number: table.number(of: node)!, inputs: inputNumbers.count
        ))
      for position in 0..<node.inputs.count {
        guard let next = node.inputs.origin(position) else {
          inputNumbers.append(-1)
          continue
        }
        let (number, isNew) = table.meet(next)
        inputNumbers.append(number)
        if isNew { stack.append(next) }
      }
    }
    // The sort is stable, so that sums have the same order in every run.
    visits.sort { $0.depth > $1.depth }
    gradients = Array(repeating: nil, count: table.origins.count)
    isWanted = Array(repeating: false, count: table.origins.count)
  }

  /// The gradients that are wanted stay, and no others.
  private mutating func sweep(_ owner: MemoryOwner?, _ context: Context, _ add: Sum) {
    for position in visits.indices {
      let number = visits[position].number
      if let gradient = gradients[number].take() {
        if isWanted[number] { gradients[number] = gradient }
        let parts = slopes(consume gradient, through: visits[position].node!, context)
        hand(parts, visits[position].inputs, owner, add)
      }
      visits[position].node = nil
    }
  }

  /// What a node makes of its gradient.
  private func slopes(
    _ gradient: consuming Tensor, through node: Node, _ context: Context
  ) -> Slopes {
    var handed: Tensor? = consume gradient
    let parts = context.passing(node.module) {
      node.operation.backward(
        handed.take()!, inputs: node.operation.saves.restored(node.inputs),
        output: node.output.with(origin: node))
    }
    precondition(
      parts.count == node.inputs.count, "defect: \(node.operation.name) lost a gradient")
    return parts
  }

  /// Gives gradients to the origins whose numbers begin at a place.
  private mutating func hand(
    _ parts: consuming Slopes, _ start: Int, _ owner: MemoryOwner?, _ add: Sum
  ) {
    for position in 0..<parts.count {
      let number = inputNumbers[start + position]
      guard number >= 0, let part = parts.take(position) else { continue }
      if let sum = gradients[number].take() {
        gradients[number] = add(consume sum, consume part)
      } else {
        gradients[number] = consume part
      }
      if let owner, isWanted[number] { gradients[number]?.charge(to: owner) }
    }
  }
}
