/// The gradients of a loss, by parameter path.
///
///     let (loss, gradients) = model.valueAndGradients { crossEntropy($0(x), y) }
///     gradients["hidden.weight"]
///     gradients.globalNorm
///
/// It is a value: accumulating, clipping and scaling make new ones, and nothing has to be reset between steps.
public struct Gradients: Sendable {
  /// The paths that have a gradient, in the order of the model's parameters.
  public private(set) var paths: [String]
  /// Trainable parameters that the loss does not depend on.
  public private(set) var missing: [String]
  private var tensors: [String: Tensor]
  /// What is still to be multiplied by.
  private var factors: [String: Double] = [:]
  /// What one pass found, while it is still so.
  var knownStatistics: Statistics?

  package init(paths: [String], missing: [String], tensors: [String: Tensor]) {
    self.paths = paths
    self.missing = missing
    self.tensors = tensors
  }

  /// The same in the order of the paths.
  ///
  /// - Parameter areMeasured: whether one pass tells their statistics at once.
  init(paths: [String], missing: [String], tensors list: [Tensor], areMeasured: Bool) {
    (self.paths, self.missing) = (paths, missing)
    tensors = Dictionary(minimumCapacity: paths.count)
    for position in paths.indices { tensors[paths[position]] = list[position] }
    if areMeasured { knownStatistics = Statistics(paths: paths, each: Tensor.statistics(of: list)) }
  }

  /// The gradient of a parameter; nil when the loss does not depend on it.
  public subscript(path: String) -> Tensor? {
    guard let tensor = tensors[path], let factor = factors[path] else { return tensors[path] }
    return (tensor.cast(to: tensor.dtype.updateType) * factor).cast(to: tensor.dtype)
  }

  /// The gradient before the last factor, and that factor, with which a fused update multiplies on its way.
  package func unscaled(_ path: String) -> (gradient: Tensor, factor: Double)? {
    tensors[path].map { ($0, factors[path] ?? 1) }
  }

  /// The gradients that `transform` makes of each.
  public func mapped(_ transform: (_ path: String, _ gradient: Tensor) -> Tensor) -> Gradients {
    replacing(Dictionary(uniqueKeysWithValues: paths.map { ($0, transform($0, self[$0]!)) }))
  }

  /// The gradients cut off from the operations that made them.
  func detached() -> Gradients {
    tensors.values.contains(where: \.requiresGradient) ? mapped { $1.detached() } : self
  }

  /// The gradients with others in place of some.
  func replacing(_ others: [String: Tensor]) -> Gradients {
    var result = self
    result.knownStatistics = nil
    for (path, other) in others {
      result.tensors[path] = other
      result.factors[path] = nil
    }
    return result
  }

  /// The gradients of some paths times factors. It costs nothing until they are read.
  func scaled(by others: [String: Double]) -> Gradients {
    var result = self
    result.knownStatistics = nil
    result.factors.merge(others, uniquingKeysWith: *)
    return result
  }

  /// All gradients times a factor, without a pass over them until they are read.
  func scaled(by factor: Double) -> Gradients {
    factor == 1 ? self : scaled(by: Dictionary(uniqueKeysWithValues: paths.map { ($0, factor) }))
  }

  /// The gradients of some of the paths.
  func filtered(_ isIncluded: (_ path: String) -> Bool) -> Gradients {
    var result = self
    result.knownStatistics = nil
    result.paths.removeAll { !isIncluded($0) }
    result.missing.removeAll { !isIncluded($0) }
    result.tensors = tensors.filter { isIncluded($0.key) }
    return result
  }

  /// In float32 where they are halves.
  func widened() -> Gradients {
    let halves = paths.filter { tensors[$0]!.dtype.isHalf }
    return halves.isEmpty
      ? self
      : replacing(
        Dictionary(
          uniqueKeysWithValues: halves.map {
            ($0, tensors[$0]!.cast(to: .float32) * (factors[$0] ?? 1))
          }))
  }

  /// The sums of gradients: what accumulating over micro-batches needs.
  public static func + (a: Gradients, b: Gradients) -> Gradients {
    var result = a
    result.add(b)
    return result
  }

  /// Adds others, in the memory of these where nobody else holds it.
  mutating func add(_ others: Gradients) {
    knownStatistics = nil
    for path in others.paths {
      if let own = self[path] {
        (tensors[path], factors[path]) = (nil, nil)
        tensors[path] = consume own + others[path]!
      } else {
        paths.append(path)
        (tensors[path], factors[path]) = (others[path], nil)
      }
    }
    missing.removeAll { tensors[$0] != nil }
  }

  /// Every gradient times a number.
  public static func * (a: Gradients, factor: Double) -> Gradients {
    factor == 1 ? a : a.mapped { $1 * factor }
  }
}

extension Module {
  /// The gradients of a loss with respect to the trainable parameters.
  ///
  /// - Parameter isRecorded: whether the gradients can be differentiated again.
  /// - Errors: traps when the loss has more than one element.
  public func gradients(of loss: consuming Tensor, isRecorded: Bool = false) -> Gradients {
    parameters.gradients(of: consume loss, isRecorded: isRecorded)
  }

  /// The loss that `body` computes, and its gradients. What the graph keeps is freed while backward passes it.
  public func valueAndGradients(
    _ body: (Self) throws -> Tensor
  ) rethrows -> (value: Tensor, gradients: Gradients) {
    let loss = try body(self)
    let value = loss.detached()
    return (value, gradients(of: consume loss))
  }
}

extension [NamedParameter] {
  /// The gradients of a loss with respect to those that are trainable.
  ///
  /// - Parameter renewed: the parameters once more, where the loss reaches others than those that are trainable.
  package func gradients(
    of loss: consuming Tensor, isRecorded: Bool = false, renewed: (() -> Self)? = nil
  ) -> Gradients {
    guard loss.count == 1 else {
      Context.current.fail(
        TensorError.shape("gradients", expected: "a loss of one element", got: loss.shape))
      return Gradients(paths: [], missing: [], tensors: [:])
    }
    let seed = Tensor.ones(loss.shape, dtype: loss.dtype)
    let pass = Backward(from: consume loss)
    var trainable = filter(\.parameter.isTrainable)
    if let renewed, !pass.reaches(exactly: trainable) {
      trainable = renewed().filter(\.parameter.isTrainable)
    }
    let found = pass.run(
      seed: consume seed, for: trainable.map(\.parameter.leaf), isRecorded: isRecorded
    ) { $0 + $1 }
    var tensors: [String: Tensor] = [:]
    for (named, gradient) in zip(trainable, found) { tensors[named.path] = gradient }
    return Gradients(
      paths: zip(trainable, found).filter { $1 != nil }.map(\.0.path),
      missing: zip(trainable, found).filter { $1 == nil }.map(\.0.path), tensors: tensors)
  }
}

extension Backward {
  /// Whether the result depends on all of these parameters and on no others.
  fileprivate func reaches(exactly parameters: [NamedParameter]) -> Bool {
    leaves.count { $0.isParameter } == parameters.count
      && parameters.allSatisfy { reaches($0.parameter.leaf) }
  }
}
