/// What an optimizer keeps of one parameter.
public struct ParameterState: Sendable {
  /// How often the parameter was updated.
  public var step = 0
  /// Tensors by name, such as `velocity`; float32, or float64 for parameters in float64, or what ``StateType`` says.
  public var tensors: [String: Tensor] = [:]

  /// Creates the state of a parameter that was never updated.
  public init() {}
}

extension ParameterState {
  /// Gives the slots memory that nobody else holds, where states are to lie; false when there is not enough of it.
  package mutating func reserve(_ slots: [StateSlot], _ standard: DType) -> Bool {
    guard settle(slots, standard) else { return false }
    return Context.current.allocating(in: StateHome.current.pool) {
      slots.allSatisfy { reserve($0, $0.dtype ?? standard) }
    }
  }

  private mutating func reserve(_ slot: StateSlot, _ dtype: DType) -> Bool {
    let kept =
      tensors.removeValue(forKey: slot.name)
      ?? Tensor(repeating: slot.start, shape: slot.shape, dtype: dtype)
    // Consumed, because a second reference would have it copied.
    let (tensor, isSole) = (consume kept).owned()
    if !tensor.isHollow { tensors[slot.name] = tensor }
    return isSole
  }

  /// Has those slots that there are lie where states are to lie, in the dtype that they are to have; false when there
  /// is not enough memory.
  mutating func settle(_ slots: [StateSlot], _ standard: DType) -> Bool {
    let pool = StateHome.current.pool
    return Context.current.allocating(in: pool) {
      slots.allSatisfy { slot in
        let dtype = slot.dtype ?? standard
        guard let kept = tensors[slot.name] else { return true }
        let isThere = pool.map { kept.lies(in: $0) } ?? true
        if kept.dtype == dtype, isThere { return true }
        let moved = kept.dtype == dtype ? kept.copied() : kept.cast(to: dtype)
        if !moved.isHollow { tensors[slot.name] = moved }
        return !moved.isHollow
      }
    }
  }
}

extension Tensor {
  /// Whether the elements lie in a pool, or in memory that is no pool's.
  fileprivate func lies(in pool: MemoryPool) -> Bool {
    guard let owner = body.storage?.owner as? MemoryPool else { return true }
    return owner === pool
  }
}
