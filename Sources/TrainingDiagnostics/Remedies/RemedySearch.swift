extension [Remedy] {
  /// The same with the next higher and the next lower learning rate, of one and three times the powers of ten.
  ///
  /// Whoever divides the rate by more than a million, to stand still, has not found what is wrong.
  package var neighbors: [[Remedy]] { [1, -1].compactMap(moved) }

  private func moved(by steps: Int) -> [Remedy]? {
    if let place = firstIndex(where: { $0.heldRate != nil }) {
      var changed = self
      changed[place] = .holding(
        learningRate: self[place].heldRate! * (steps > 0 ? 10.0.squareRoot() : 0.1.squareRoot()))
      return changed
    }
    let others = filter { if case .learningRate = $0 { false } else { true } }
    let rate = rateFactor
    let nearest = (-20...20).min { Self.ratio(rate, at: $0) < Self.ratio(rate, at: $1) }!
    let place = nearest + steps
    if place < -12 { return nil }
    return place == 0 ? others : others + [.learningRate(times: Self.factor(at: place))]
  }

  /// ..., 0.1, 0.3, 1, 3, 10, ...
  private static func factor(at place: Int) -> Double {
    let power = (place - (place.isMultiple(of: 2) ? 0 : 1)) / 2
    let tens = (0..<abs(power)).reduce(1.0) { factor, _ in factor * 10 }
    return (place.isMultiple(of: 2) ? 1 : 3) * (power < 0 ? 1 / tens : tens)
  }

  private static func ratio(_ rate: Double, at place: Int) -> Double {
    Swift.max(factor(at: place) / rate, rate / factor(at: place))
  }

  /// Whether they are others in words only.
  func isLike(_ other: [Remedy]) -> Bool {
    count == other.count
      && zip(self, other).allSatisfy { own, other in
        guard let rate = own.heldRate, let there = other.heldRate else { return own == other }
        return (0.9...1.1).contains(rate / there)
      }
  }
}

extension Remedy {
  fileprivate var heldRate: Double? {
    if case .holding(let rate) = self { rate } else { nil }
  }
}
