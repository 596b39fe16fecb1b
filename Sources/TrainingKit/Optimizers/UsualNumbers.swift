/// An optimizer some of whose numbers are seldom outside of a range.
package protocol HasUsualNumbers {
  /// Those numbers.
  static var usualNumbers: [UsualNumber<Self>] { get }
}

/// A number of an optimizer, and what it usually is.
package struct UsualNumber<Owner> {
  /// Its name, in the words of the optimizer.
  package let name: String
  /// Where it is.
  package let path: WritableKeyPath<Owner, Double>
  /// Where it is in most published trainings.
  package let range: ClosedRange<Double>
  /// What to begin with.
  package let value: Double
}

extension HasUsualNumbers {
  /// The numbers that are outside of their usual range.
  package var unusualNumbers: [(name: String, value: Double, usual: Double)] {
    Self.usualNumbers.filter { !$0.range.contains(self[keyPath: $0.path]) }
      .map { ($0.name, self[keyPath: $0.path], $0.value) }
  }

  /// A number by its name; nil where there is none.
  package func number(_ name: String) -> Double? {
    Self.usualNumbers.first { $0.name == name }.map { self[keyPath: $0.path] }
  }

  /// Sets a number by its name, where there is one.
  package mutating func setNumber(_ name: String, to value: Double) {
    guard let number = Self.usualNumbers.first(where: { $0.name == name }) else { return }
    self[keyPath: number.path] = value
  }
}

extension UsualNumber {
  fileprivate static func epsilon(_ path: WritableKeyPath<Owner, Double>) -> Self {
    UsualNumber(name: "epsilon", path: path, range: 0...1e-3, value: 1e-8)
  }

  fileprivate static func momentum(_ path: WritableKeyPath<Owner, Double>) -> Self {
    UsualNumber(name: "momentum", path: path, range: 0...0.98, value: 0.9)
  }

  static func ofMoments(
    _ epsilon: WritableKeyPath<Owner, Double>, _ beta1: WritableKeyPath<Owner, Double>,
    _ beta2: WritableKeyPath<Owner, Double>
  ) -> [Self] {
    [
      .epsilon(epsilon), UsualNumber(name: "beta1", path: beta1, range: 0...0.98, value: 0.9),
      UsualNumber(name: "beta2", path: beta2, range: 0.9...0.99999, value: 0.999),
    ]
  }
}

extension Adamax: HasUsualNumbers {
  package static var usualNumbers: [UsualNumber<Adamax>] {
    UsualNumber.ofMoments(\.epsilon, \.beta1, \.beta2)
  }
}

extension Adagrad: HasUsualNumbers {
  package static var usualNumbers: [UsualNumber<Adagrad>] { [.epsilon(\.epsilon)] }
}

extension RMSprop: HasUsualNumbers {
  package static var usualNumbers: [UsualNumber<RMSprop>] {
    [.epsilon(\.epsilon), .momentum(\.momentum)]
  }
}

extension SGD: HasUsualNumbers {
  package static var usualNumbers: [UsualNumber<SGD>] { [.momentum(\.momentum)] }
}

extension Varying: HasUsualNumbers where Base: HasUsualNumbers {
  package static var usualNumbers: [UsualNumber<Varying>] {
    let base: WritableKeyPath<Varying, Base> = \.base
    return Base.usualNumbers.map { number in
      UsualNumber<Varying>(
        name: number.name, path: base.appending(path: number.path), range: number.range,
        value: number.value)
    }
  }
}
