internal import CTrainingKernels

/// Steps of matrices that move all directions alike: the momentum with its singular values near 1.
///
///     Muon(others: AdamW().varying(.all, learningRateFactor: 0.1))
///       .using(AdamW(), for: .path("embedding.**"))
///
/// Parameters of another number of axes than two are moved by `others`. Embeddings and the layer of the logits are
/// matrices that are better moved by another optimizer, too: ``Optimizer/using(_:for:)``.
///
/// - Update: v ← v + (1 − momentum)(g − v); d = g + momentum (v − g) with Nesterov's look ahead, else v;
///   X = d / ‖d‖, then `iterations` times A = X Xᵀ, X ← a X + (b A + c A A) X;
///   p ← (1 − learningRate · weightDecay) p − learningRate · s · X, where s is that of the `scaling`.
/// - Numerics: X is rounded to `precision` after every product; singular values end between 0.7 and 1.2.
/// - State: `velocity`; memory for a few matrices while a step is computed.
/// - Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; `matchingAdamW`: Liu et al.
///   2025, equation 4, arXiv:2502.16982; in PyTorch's form.
public struct Muon: Optimizer {
  /// What the steps of a matrix `[rows, columns]` are multiplied by.
  public enum Scaling: Sendable, Hashable {
    /// √max(1, rows / columns).
    case original
    /// 0.2 √max(rows, columns), with which learning rates of AdamW do.
    case matchingAdamW
  }

  /// The share of the velocity that stays.
  @HyperParameter("Muon", "momentum", .share) public var momentum: Double
  /// Whether the step looks ahead by the velocity.
  public var nesterov: Bool
  /// The share of the weights, times the learning rate, that each update takes away.
  @HyperParameter("Muon", "weightDecay", .nonNegative) public var weightDecay: Double
  /// The least norm that the momentum is divided by.
  @HyperParameter("Muon", "epsilon", .nonNegative) public var epsilon: Double
  /// The coefficients a, b and c.
  public var coefficients: SIMD3<Double> {
    didSet { if !areRight(coefficients) { coefficients = oldValue } }
  }
  /// How often the polynomial is applied; from 1 to 99.
  public var iterations: Int {
    didSet { if !isRight(iterations) { iterations = oldValue } }
  }
  /// What steps are multiplied by for the shape of the matrix.
  public var scaling: Scaling
  /// What the iterations are rounded to. PyTorch rounds to bfloat16.
  public var precision: DType {
    didSet { if !isRight(precision) { precision = oldValue } }
  }
  /// What moves parameters that are not matrices. Its own states are not used.
  public var others: any Optimizer
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    momentum: Double = 0.95, nesterov: Bool = true, weightDecay: Double = 0.1,
    epsilon: Double = 1e-7, coefficients: SIMD3<Double> = [3.4445, -4.775, 2.0315],
    iterations: Int = 5, scaling: Scaling = .original, precision: DType = .bfloat16,
    others: any Optimizer = AdamW()
  ) {
    (self.nesterov, self.scaling, self.others) = (nesterov, scaling, others)
    (self.coefficients, self.iterations, self.precision) = (coefficients, iterations, precision)
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.epsilon = epsilon
    _ = areRight(coefficients) && isRight(iterations) && isRight(precision)
  }

  private func areRight(_ coefficients: SIMD3<Double>) -> Bool {
    (0..<3).allSatisfy {
      NumberRange.finite.check(coefficients[$0], "coefficients", of: "Muon")
    }
  }

  private func isRight(_ precision: DType) -> Bool {
    if precision.isFloatingPoint { return true }
    Context.current.fail(
      TensorError.dtype("Muon", expected: "a floating-point precision", got: precision))
    return false
  }

  private func isRight(_ iterations: Int) -> Bool {
    if (1...99).contains(iterations) { return true }
    Context.current.fail(
      TensorError.argument("Muon", expected: "1 to 99 iterations", got: iterations))
    return false
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { ["velocity"] }

  /// This optimizer for matrices, and the others' rule for the rest.
  public func rule(for parameter: NamedParameter) -> UpdateRule {
    parameter.parameter.value.rank == 2 ? UpdateRule(self) : others.rule(for: parameter)
  }

  /// The value of a parameter after one update.
  ///
  /// - Errors: traps unless the parameter is a matrix.
  public func updated(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState, learningRate: Double,
    gradientScale: Double
  ) -> Tensor {
    guard value.rank == 2 else {
      Context.current.fail(
        TensorError.shape("Muon", expected: "a matrix [rows, columns]", got: value.shape))
      return value
    }
    let slots = slots(for: value.shape)
    let momentum = FusedUpdate(
      tk_update_muon_direction, 1 - momentum, nesterov ? momentum : 1,
      gradientScale: gradientScale)(value.room, gradient: gradient, state: &state, slots)
    if momentum.isHollow { return value }
    let direction = orthogonalized(momentum).cast(to: value.dtype).contiguous()
    return FusedUpdate(
      tk_update_descent, learningRate * scale(value.shape), 1 - learningRate * weightDecay)(
        value, gradient: direction, state: &state)
  }

  private func scale(_ shape: Shape) -> Double {
    let (rows, columns) = (Double(shape[0]), Double(shape[1]))
    return switch scaling {
    case .original: max(1, rows / columns).squareRoot()
    case .matchingAdamW: 0.2 * max(rows, columns).squareRoot()
    }
  }

  /// The nearest matrix with orthogonal rows or columns, about.
  private func orthogonalized(_ matrix: Tensor) -> Tensor {
    let arithmetic = precision.updateType
    func rounded(_ x: Tensor) -> Tensor { x.cast(to: precision).cast(to: arithmetic) }
    let isTall = matrix.shape[0] > matrix.shape[1]
    var x = rounded(isTall ? matrix.transposed() : matrix)
    let norm = rounded(x.norm().maximum(Tensor(epsilon, dtype: arithmetic)))
    x = rounded(x / norm)
    for _ in 0..<iterations {
      let gram = rounded(x.matmul(x.transposed()))
      let polynomial = rounded(gram * coefficients[1] + gram.matmul(gram) * coefficients[2])
      x = rounded(x * coefficients[0] + polynomial.matmul(x))
    }
    return isTall ? x.transposed() : x
  }
}

extension Muon {
  package static let samples: [any Optimizer] = [
    Muon(), Muon(momentum: 0.5, nesterov: false, weightDecay: 0, others: SGD(momentum: 0.9)),
    Muon(scaling: .matchingAdamW, precision: .float32),
  ]
}
