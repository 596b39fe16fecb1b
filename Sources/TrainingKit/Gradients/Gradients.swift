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

  package init(paths: [String], missing: [String], tensors: [String: Tensor]) {
    self.paths = paths
    self.missing = missing
    self.tensors = tensors
  }

  /// The gradient of a parameter; nil when the loss does not depend on it.
  public subscript(path: String) -> Tensor? { tensors[path] }

  /// The gradients that `transform` makes of each.
  public func mapped(_ transform: (_ path: String, _ gradient: Tensor) -> Tensor) -> Gradients {
    var result = self
    for path in paths { result.tensors[path] = transform(path, tensors[path]!) }
    return result
  }

  /// The sums of gradients: what accumulating over micro-batches needs.
  public static func + (a: Gradients, b: Gradients) -> Gradients {
    var result = a
    for path in b.paths {
      if let sum = a.tensors[path] {
        result.tensors[path] = sum + b.tensors[path]!
      } else {
        result.paths.append(path)
        result.tensors[path] = b.tensors[path]!
      }
    }
    result.missing.removeAll { result.tensors[$0] != nil }
    return result
  }

  /// Every gradient times a number.
  public static func * (a: Gradients, factor: Double) -> Gradients { a.mapped { $1 * factor } }
}

extension Gradients {
  /// The square root of the sum of squares of all gradients. NaN or infinite when a gradient is.
  ///
  /// - Numerics: one pass in double, which finite float32 gradients cannot overflow.
  public var globalNorm: Double {
    paths.reduce(0) { $0 + tensors[$1]!.squareSum }.squareRoot()
  }

  /// The 2-norm of the gradient of a parameter.
  public func norm(of path: String) -> Double? { tensors[path]?.squareSum.squareRoot() }

  /// The first parameter whose gradient is not finite; nil when all are.
  public var firstNonFinite: String? { paths.first { !tensors[$0]!.squareSum.isFinite } }
}

extension Tensor {
  /// The sum of squares in double.
  package var squareSum: Double {
    count == 0 || isHollow ? 0 : device.backend.squareSum(contiguous().detached())
  }
}

extension Module {
  /// The gradients of a loss with respect to the trainable parameters.
  ///
  /// - Parameter isRecorded: whether the gradients can be differentiated again.
  /// - Errors: traps when the loss has more than one element.
  public func gradients(of loss: consuming Tensor, isRecorded: Bool = false) -> Gradients {
    guard loss.count == 1 else {
      Context.current.fail(
        TensorError.shape("gradients", expected: "a loss of one element", got: loss.shape))
      return Gradients(paths: [], missing: [], tensors: [:])
    }
    let trainable = parameters.filter(\.parameter.isTrainable)
    let wanted = Set(trainable.map(\.parameter.identity))
    let seed = Tensor.ones(loss.shape, dtype: loss.dtype)
    let found = Backward.run(
      from: loss, seed: seed, for: wanted, isRecorded: isRecorded, add: +)
    var tensors: [String: Tensor] = [:]
    for named in trainable { tensors[named.path] = found[named.parameter.identity] }
    return Gradients(
      paths: trainable.map(\.path).filter { tensors[$0] != nil },
      missing: trainable.map(\.path).filter { tensors[$0] == nil }, tensors: tensors)
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
