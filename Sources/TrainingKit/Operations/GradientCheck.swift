/// How the gradients of a function compare with finite differences.
public struct GradientCheck: Sendable, Hashable {
  /// One partial derivative, computed in two ways.
  public struct Comparison: Sendable, Hashable {
    /// Which input it is with respect to. In a check of order 2 the last one is the cotangent.
    public let input: Int
    /// Which element of the input, in row-major order.
    public let position: Int
    /// Which element of the output, in row-major order; nil for a projection of all of them.
    public let output: Int?
    /// The central difference.
    public let expected: Double
    /// What the backward pass computed.
    public let got: Double
  }

  /// The order of the derivatives that were compared.
  public let order: Int
  /// How many derivatives were compared.
  public internal(set) var comparisonCount = 0
  /// How many of them are too far apart.
  public internal(set) var mismatchCount = 0
  /// The comparison that is farthest apart, measured in the tolerance that it has; nil when there
  /// was none.
  public internal(set) var worst: Comparison?
  /// Whether a second run of the function and of its backward pass gave the same bits.
  public internal(set) var isDeterministic = true
  private var worstExcess = -Double.infinity

  init(order: Int) { self.order = order }

  /// Whether every derivative agrees and the function is deterministic.
  public var isCorrect: Bool { mismatchCount == 0 && isDeterministic }

  mutating func add(_ comparison: Comparison, absolute: Double, relative: Double) {
    let (expected, got) = (comparison.expected, comparison.got)
    let distance = expected == got ? 0 : (expected - got).magnitude
    let excess = distance / (absolute + relative * expected.magnitude)
    comparisonCount += 1
    // Not `> 1`: a NaN must count as a mismatch.
    let isMismatch = !(excess <= 1)
    mismatchCount += isMismatch ? 1 : 0
    let weight = excess.isNaN ? .infinity : excess
    guard weight > worstExcess else { return }
    (worst, worstExcess) = (comparison, weight)
  }
}

extension GradientCheck: CustomStringConvertible {
  /// What was found, with the worst derivative.
  public var description: String {
    let subject = "gradients of order \(order)"
    guard let worst else { return "\(subject): nothing to compare" }
    let place =
      "input \(worst.input) at \(worst.position)"
      + (worst.output.map { ", output at \($0)" } ?? "")
    let detail = "\(place): expected \(worst.expected), got \(worst.got)"
    if mismatchCount > 0 {
      return "\(subject): \(mismatchCount) of \(comparisonCount) differ, the worst for \(detail)"
    }
    return isDeterministic
      ? "\(subject): all \(comparisonCount) agree, the worst for \(detail)"
      : "\(subject): a second run gave other results"
  }
}

/// Compares the gradients of a function with central differences.
///
///     let check = checkGradients(of: { $0[0].tanh().sum() }, at: [x])
///     precondition(check.isCorrect, "\(check)")
///
/// Every float64 input counts; integers and bools are passed on as they are. A check of order 2
/// compares the gradients of the gradients: the function it looks at maps the inputs and a fixed
/// cotangent to the gradients.
///
/// - Parameters:
///   - order: 1 for gradients, 2 for gradients of gradients.
///   - step: how far an input is moved to each side.
///   - absolute: the tolerance beside `relative` times the central difference.
///   - isProjected: whether one fixed linear combination of the outputs is differentiated instead
///     of each output: one backward pass in all, and errors that cancel in it go unseen.
/// - Errors: traps when an input has another floating-point dtype, as differences would mean
///   nothing, or when none is float64.
public func checkGradients(
  of function: @escaping ([Tensor]) -> Tensor, at inputs: [Tensor], order: Int = 1,
  step: Double = 1e-6, absolute: Double = 1e-5, relative: Double = 1e-3, isProjected: Bool = false
) -> GradientCheck {
  let others = inputs.filter { $0.dtype.isFloatingPoint && $0.dtype != .float64 }
  guard others.isEmpty, inputs.contains(where: { $0.dtype == .float64 }) else {
    let got = others.first?.dtype ?? inputs.first?.dtype
    Context.current.fail(
      TensorError(
        .dtype, "checkGradients", expected: "float64 inputs",
        got: got.map(\.description) ?? "none"))
    return GradientCheck(order: order)
  }
  guard order == 1 || order == 2, step > 0 else {
    Context.current.fail(
      TensorError.argument(
        "checkGradients", expected: "an order of 1 or 2 and a step above 0", got: (order, step)))
    return GradientCheck(order: order)
  }
  let start = order == 1 ? inputs : inputs + [withoutGradients { function(inputs) }.waves]
  let comparer = GradientComparer(
    function: order == 1 ? function : gradient(of: function), inputs: start.map { $0.detached() },
    step: step, isProjected: isProjected)
  return comparer.compared(order: order, absolute: absolute, relative: relative)
}

/// The function that maps the inputs of `function` and a cotangent to all its gradients in one
/// axis.
private func gradient(
  of function: @escaping ([Tensor]) -> Tensor
) -> ([Tensor]) -> Tensor {
  { arguments in
    let inputs = arguments.dropLast().map {
      $0.requiresGradient || !$0.dtype.isFloatingPoint ? $0 : $0.tracked()
    }
    let sources = inputs.filter(\.requiresGradient)
    let gradients = function(inputs)
      .pullback(arguments[arguments.count - 1], to: sources, isRecorded: true)
    return concatenate(gradients.map { $0.flattened() })
  }
}

/// A function at a point, differentiated in two ways.
private struct GradientComparer {
  let function: ([Tensor]) -> Tensor
  let inputs: [Tensor]
  let step: Double
  let isProjected: Bool

  func compared(order: Int, absolute: Double, relative: Double) -> GradientCheck {
    var check = GradientCheck(order: order)
    let tracked = inputs.map { $0.dtype.isFloatingPoint ? $0.tracked() : $0 }
    let output = function(tracked)
    let cotangents = self.cotangents(for: output)
    let rows = cotangents.map { gradients(of: output, $0, tracked) }
    check.isDeterministic = isReproducible(output, cotangents.first, rows.first, tracked)
    for input in inputs.indices where inputs[input].dtype.isFloatingPoint {
      for position in 0..<inputs[input].count {
        let slopes = centralDifference(input, position)
        for (row, slope) in zip(rows.indices, projected(slopes, cotangents)) {
          check.add(
            .init(
              input: input, position: position, output: isProjected ? nil : row, expected: slope,
              got: rows[row][input][position]), absolute: absolute, relative: relative)
        }
      }
    }
    return check
  }

  /// A one for each output in turn, or one combination of all of them.
  private func cotangents(for output: Tensor) -> [Tensor] {
    if isProjected { return [output.detached().waves] }
    let ones = Tensor.eye(output.count, dtype: .float64)
    return (0..<output.count).map { ones[$0].reshaped(output.shape) }
  }

  /// For every input the elements of its gradient; none for those that have no gradient.
  private func gradients(
    of output: Tensor, _ cotangent: Tensor, _ tracked: [Tensor]
  ) -> [[Double]] {
    let sources = tracked.filter(\.requiresGradient)
    var found = output.pullback(cotangent, to: sources).map { $0.elements(Double.self) }[...]
    return tracked.map { $0.requiresGradient ? found.removeFirst() : [] }
  }

  private func isReproducible(
    _ output: Tensor, _ cotangent: Tensor?, _ row: [[Double]]?, _ tracked: [Tensor]
  ) -> Bool {
    let again = function(tracked)
    guard again.isIdentical(to: output) else { return false }
    guard let cotangent, let row else { return true }
    return zip(row, gradients(of: output, cotangent, tracked)).allSatisfy { first, second in
      zip(first, second).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    }
  }

  /// The slopes of all outputs as one element of an input moves.
  private func centralDifference(_ input: Int, _ position: Int) -> [Double] {
    let (above, below) = (moved(input, position, by: step), moved(input, position, by: -step))
    return zip(above, below).map { ($0 - $1) / (2 * step) }
  }

  private func moved(_ input: Int, _ position: Int, by distance: Double) -> [Double] {
    var arguments = inputs
    var values = inputs[input].elements(Double.self)
    values[position] += distance
    arguments[input] = Tensor(values, shape: inputs[input].shape, dtype: .float64)
    return function(arguments).elements(Double.self)
  }

  private func projected(_ slopes: [Double], _ cotangents: [Tensor]) -> [Double] {
    guard isProjected else { return slopes }
    return [zip(slopes, cotangents[0].elements(Double.self)).reduce(0) { $0 + $1.0 * $1.1 }]
  }
}

extension Tensor {
  /// Fixed numbers in −1 … 1 of this shape that have no simple ratios, so that errors do not cancel
  /// by chance.
  fileprivate var waves: Tensor {
    (Tensor.range(0, count, dtype: .float64) * 1.7 + 0.3).cos().reshaped(shape)
  }
}
