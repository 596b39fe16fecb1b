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
  mutating func reserve(
    _ slots: [StateSlot], _ standard: DType, _ home: StateHome = .current
  ) -> Bool {
    let pool = home.pool
    return Context.current.allocating(in: pool) {
      slots.allSatisfy { slot in
        let dtype = slot.dtype ?? standard
        if tensors[slot.name]?.isOwn(dtype, in: pool) == true { return true }
        return settle(slot, dtype, pool) && reserve(slot, dtype)
      }
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
  mutating func settle(
    _ slots: [StateSlot], _ standard: DType, _ home: StateHome = .current
  ) -> Bool {
    let pool = home.pool
    return Context.current.allocating(in: pool) {
      slots.allSatisfy { settle($0, $0.dtype ?? standard, pool) }
    }
  }

  private mutating func settle(_ slot: StateSlot, _ dtype: DType, _ pool: MemoryPool?) -> Bool {
    guard let kept = tensors[slot.name], kept.dtype != dtype || !kept.lies(in: pool) else {
      return true
    }
    let moved = kept.dtype == dtype ? kept.copied() : kept.cast(to: dtype)
    if !moved.isHollow { tensors[slot.name] = moved }
    return !moved.isHollow
  }
}

extension Tensor {
  /// Whether the elements lie in a pool, or in memory that is no pool's; any will do for nil.
  fileprivate func lies(in pool: MemoryPool?) -> Bool {
    guard let pool, let owner = storage?.owner as? MemoryPool else { return true }
    return owner === pool
  }

  /// Where the elements are to be written in place; nil where they cannot be.
  mutating func ownAddress(
    _ dtype: DType, count: Int, in pool: MemoryPool
  ) -> UnsafeMutableRawPointer? {
    guard form.count == count, storage?.owner === pool, isOwn(dtype, in: nil) else { return nil }
    return address
  }

  /// Whether the elements are of a dtype, in a pool, and in memory that nobody else holds and that can be written.
  fileprivate mutating func isOwn(_ dtype: DType, in pool: MemoryPool?) -> Bool {
    form.dtype == dtype && form.isContiguous && lies(in: pool) && holdsAlone()
  }
}
