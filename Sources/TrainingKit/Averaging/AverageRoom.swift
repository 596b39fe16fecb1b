/// Memory that an update of an average needs, taken before anything moves.
package struct AverageRoom {
  /// For weights in halves that are taken over as they are, by path.
  fileprivate var wide: [String: Tensor] = [:]
  /// For one weight in halves at a time.
  fileprivate var shared: Tensor?

  /// The values in float32, or float64 where they are so already, until the next are asked for.
  func widened(_ value: Tensor) -> Tensor {
    guard value.dtype.isHalf, let shared else { return value }
    let view = Tensor(
      storage: shared.storage, layout: Layout(contiguous: value.shape), dtype: shared.dtype)
    return value.written(into: view)
  }

  /// The values of a weight as the average keeps them.
  func takenOver(_ value: Tensor, at path: String) -> Tensor {
    wide[path].map { value.written(into: $0) } ?? value
  }
}

extension Tensor {
  /// These values in memory that nobody else reads.
  fileprivate func written(into room: Tensor) -> Tensor {
    guard count > 0, isReachable(by: "average"), room.isReachable(by: "average") else {
      return room
    }
    Context.current.run("average") { (backend) throws(DeviceFault) in
      try backend.copy(self, into: room)
    }
    return room
  }

  fileprivate static func room(_ shape: Shape) -> Tensor {
    fresh("average", shape, .float32) { _, _ in }
  }
}

extension WeightAverage {
  /// Takes the memory of the next update, so that it cannot fail once the model has moved; nil after reporting that
  /// there is none, or that the model is another one.
  package mutating func reserve(for members: ModuleMembers) -> AverageRoom? {
    guard settings.takesWeights(atStep: steps + 1) else { return AverageRoom() }
    return Context.current.charging(.average) { room(for: settings.tensors(of: members)) }
  }

  private mutating func room(for current: [AveragedTensor]) -> AverageRoom? {
    guard updates == 0 || fits(current) else { return nil }
    let (moving, halves) = (
      current.filter { !$0.isCopied }, current.filter { !$0.isCopied && $0.value.dtype.isHalf }
    )
    var room = AverageRoom()
    if settings.rule.share(ofUpdate: updates) < 1 {
      guard moving.allSatisfy({ own($0.path) }) else { return nil }
      let largest = halves.map(\.value.count).max() ?? 0
      if largest > 0 { room.shared = .room([largest]) }
    } else {
      for each in halves { room.wide[each.path] = .room(each.value.shape) }
    }
    let taken = room.wide.values + [room.shared].compactMap { $0 }
    return taken.contains(where: \.isHollow) ? nil : room
  }

  /// Gives an average memory of its own; false after reporting that there is none.
  private mutating func own(_ path: String) -> Bool {
    let (tensor, isSole) = weights.removeValue(forKey: path)!.owned()
    weights[path] = tensor
    return isSole
  }
}
