/// The inputs of an operation. Three lie in place, so that the list of most operations needs no memory.
package struct Operands: Sendable {
  private var first, second, third: Tensor?
  private var rest: [Tensor]?
  package private(set) var count: Int

  @inline(__always)
  package init() { self.init(nil, nil, nil, nil, count: 0) }

  @inline(__always)
  package init(_ x: Tensor) { self.init(x, nil, nil, nil, count: 1) }

  @inline(__always)
  package init(_ x: Tensor, _ y: Tensor) { self.init(x, y, nil, nil, count: 2) }

  @inline(__always)
  package init(_ x: Tensor, _ y: Tensor, _ z: Tensor) { self.init(x, y, z, nil, count: 3) }

  package init(_ tensors: some Collection<Tensor>) {
    let count = tensors.count
    var tensors = tensors[...]
    let (first, second, third) = (tensors.popFirst(), tensors.popFirst(), tensors.popFirst())
    self.init(first, second, third, count > 3 ? Array(tensors) : nil, count: count)
  }

  /// All at once: members that are set one after the other would be copied once more.
  @inline(__always)
  private init(
    _ first: Tensor?, _ second: Tensor?, _ third: Tensor?, _ rest: [Tensor]?, count: Int
  ) {
    self.first = first
    self.second = second
    self.third = third
    self.rest = rest
    self.count = count
  }

  /// The last one, which the list no longer holds; nil when it is empty.
  @inline(__always)
  package mutating func popLast() -> Tensor? {
    guard count > 0 else { return nil }
    count -= 1
    switch count {
    case 0: return first.take()
    case 1: return second.take()
    case 2: return third.take()
    default: return rest!.removeLast()
    }
  }

  /// What `change` gives of an input, in place: a copy would be another holder of its memory.
  @inline(__always)
  private mutating func change<Value>(_ position: Int, _ change: (inout Tensor) -> Value) -> Value {
    switch position {
    case 0: change(&first!)
    case 1: change(&second!)
    case 2: change(&third!)
    default: change(&rest![position - 3])
    }
  }

  /// Lets go of the elements of an input, not of its shape and origin.
  @inline(__always)
  package mutating func empty(_ position: Int) { change(position) { $0.empty() } }

  /// The same for all inputs.
  @inline(__always)
  package mutating func empty() {
    first?.empty()
    second?.empty()
    third?.empty()
    for position in 0..<(rest?.count ?? 0) { rest![position].empty() }
  }

  /// Whether nobody else holds the memory of an input.
  @inline(__always)
  package mutating func holdsAlone(_ position: Int) -> Bool { change(position) { $0.holdsAlone() } }

  /// Whether results of the inputs can have gradients.
  @inline(__always)
  package var requireGradient: Bool {
    first?.origin != nil || second?.origin != nil || third?.origin != nil
      || rest?.contains { $0.origin != nil } == true
  }

  /// Whether an input has no elements.
  @inline(__always)
  package var areHollow: Bool {
    first?.isHollow == true || second?.isHollow == true || third?.isHollow == true
      || rest?.contains(where: \.isHollow) == true
  }

  /// The form of fresh elements of this shape and dtype: that of an input, where one has it.
  @inline(__always)
  package func form(of spec: TensorSpec) -> TensorForm {
    for position in 0..<count {
      let form = form(position)
      if form.isFresh(spec) { return form }
    }
    return TensorForm(spec)
  }

  /// What `transform` makes of each.
  package func mapped(_ transform: (Tensor) -> Tensor) -> Operands {
    var result = self
    for position in indices { result[position] = transform(self[position]) }
    return result
  }

  /// The gradients that `transform` makes of each.
  package func slopes(_ transform: (Tensor) -> Tensor?) -> Slopes { Slopes(map(transform)) }
}

/// Looks at inputs that make no copies of them.
extension Operands {
  @inline(__always)
  private func look<Value>(_ position: Int, _ look: (borrowing Tensor) -> Value) -> Value {
    switch position {
    case 0: look(first!)
    case 1: look(second!)
    case 2: look(third!)
    default: look(rest![position - 3])
    }
  }

  /// The form of an input.
  @inline(__always)
  package func form(_ position: Int) -> TensorForm { look(position) { $0.form } }

  /// The origin of an input.
  @inline(__always)
  package func origin(_ position: Int) -> Origin? { look(position) { $0.origin } }

  /// The memory of an input.
  @inline(__always)
  package func storage(_ position: Int) -> Storage? { look(position) { $0.storage } }
}

extension Operands: RandomAccessCollection, MutableCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  package subscript(position: Int) -> Tensor {
    @inline(__always) get {
      switch position {
      case 0: first!
      case 1: second!
      case 2: third!
      default: rest![position - 3]
      }
    }
    @inline(__always) set {
      precondition(position < count, "defect: an input beyond the last")
      switch position {
      case 0: first = newValue
      case 1: second = newValue
      case 2: third = newValue
      default: rest![position - 3] = newValue
      }
    }
  }
}

extension Operands: ExpressibleByArrayLiteral {
  package init(arrayLiteral tensors: Tensor...) { self.init(tensors) }
}

/// The gradient of each input of an operation; nil where none flows.
package struct Slopes {
  private var first, second, third: Tensor?
  private var rest: [Tensor?]?
  package let count: Int

  @inline(__always)
  package init(_ x: Tensor?) { self.init(x, nil, nil, nil, count: 1) }

  @inline(__always)
  package init(_ x: Tensor?, _ y: Tensor?) { self.init(x, y, nil, nil, count: 2) }

  package init(_ tensors: some Collection<Tensor?>) {
    let count = tensors.count
    var tensors = tensors[...]
    let (first, second) = (tensors.popFirst() ?? nil, tensors.popFirst() ?? nil)
    let third = tensors.popFirst() ?? nil
    self.init(first, second, third, count > 3 ? Array(tensors) : nil, count: count)
  }

  @inline(__always)
  private init(
    _ first: Tensor?, _ second: Tensor?, _ third: Tensor?, _ rest: [Tensor?]?, count: Int
  ) {
    self.first = first
    self.second = second
    self.third = third
    self.rest = rest
    self.count = count
  }

  /// The gradient of an input, which the list no longer holds.
  @inline(__always)
  package mutating func take(_ position: Int) -> Tensor? {
    switch position {
    case 0: first.take()
    case 1: second.take()
    case 2: third.take()
    default: rest![position - 3].take()
    }
  }
}

extension Slopes: ExpressibleByArrayLiteral {
  package init(arrayLiteral tensors: Tensor?...) { self.init(tensors) }
}
