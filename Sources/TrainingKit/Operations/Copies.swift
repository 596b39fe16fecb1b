extension Tensor {
  /// The same elements on fresh memory.
  package func copied() -> Tensor {
    guard !isHollow else { return self }
    if isElsewhere { return to(.current) }
    return Tensor.fresh("copy", shape, dtype) { (tensor, backend) throws(DeviceFault) in
      try backend.copy(self, into: tensor)
    }
  }

  /// This value on memory that nobody else holds, copied if need be; as it is and `false` when there is no memory for
  /// the copy.
  package consuming func owned() -> (tensor: Tensor, isSole: Bool) {
    let (layout, dtype) = (layout, dtype)
    let (storage, isSole) = released()
    let tensor = Tensor(storage: storage, layout: layout, dtype: dtype)
    return isSole && layout.isContiguous ? (tensor, true) : tensor.copiedIfPossible()
  }

  /// The memory, and whether nobody else holds it now that this tensor is gone.
  private consuming func released() -> (storage: Storage?, isSole: Bool) {
    guard var storage else { return (nil, false) }
    _ = consume self
    let isSole = isKnownUniquelyReferenced(&storage)
    return (storage, isSole)
  }

  private func copiedIfPossible() -> (tensor: Tensor, isSole: Bool) {
    let copy = copied()
    return copy.isHollow ? (self, false) : (copy, true)
  }
}
