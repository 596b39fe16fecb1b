internal import CTrainingKernels

/// A row of the unary table, applied to every element.
struct Unary: Operation {
  let row: tk_unary
  /// The row's P0 and P1, which kernels read both whether or not the row has them.
  let parameters: [Double]
  /// Nil for the dtype of the input.
  let resultType: DType?

  init(_ row: tk_unary, _ first: Double = 0, _ second: Double = 0, resultType: DType? = nil) {
    self.row = row
    parameters = [first, second]
    self.resultType = resultType
  }

  private static let names = (0..<tk_unary_count.rawValue).map {
    String(cString: tk_unary_describe(tk_unary(rawValue: $0)).name)
  }
  var name: String { Self.names[Int(row.rawValue)] }

  func result(of inputs: Operands) -> TensorSpec {
    let x = inputs.form(0)
    return TensorSpec(x.layout.shape, resultType ?? arithmeticType(of: x))
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    let compute = arithmeticType(of: inputs.form(0)).compute
    try backend.unary(row, compute: compute, parameters, inputs[0], into: output)
  }

  /// Integers become float32 unless the row is defined for them.
  private func arithmeticType(of x: TensorForm) -> DType {
    x.dtype.isFloatingPoint || tk_unary_describe(row).any ? x.dtype : .float32
  }

  var saves: Saved { tk_unary_describe(row).saved }

  func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)? {
    inputs[0].isHollow ? nil : { apply(to: inputs) }
  }

  var precision: PrecisionRule {
    switch row {
    case tk_unary_exp, tk_unary_expm1, tk_unary_log, tk_unary_log1p, tk_unary_rsqrt,
      tk_unary_reciprocal, tk_unary_powScalar, tk_unary_tan, tk_unary_asin, tk_unary_acos,
      tk_unary_softplus:
      .wide
    default: .asGiven
    }
  }

  var isElementwise: Bool { true }

  func backward(
    _ gradient: consuming Tensor, inputs: consuming Operands, output: Tensor
  ) -> Slopes {
    let derivative = UnaryDerivative(row: row, order: 1, parameters: parameters)
    let input = inputs[0]
    return Slopes(
      derivative.apply(to: Operands(consume gradient, input, output.detached())))
  }
}

/// The product of a gradient with the derivative of a row at x, given x and y = f(x).
struct UnaryDerivative: Operation {
  let row: tk_unary
  let order: Int
  let parameters: [Double]

  private static let names = (0..<tk_unary_count.rawValue).map {
    String(cString: tk_unary_describe(tk_unary(rawValue: $0)).name) + "Gradient"
  }
  var name: String { Self.names[Int(row.rawValue)] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    guard order <= 2 else {
      throw TensorError(
        .notDifferentiable, name, expected: "a derivative of order 2 at most", got: "order \(order)"
      )
    }
    return TensorSpec(inputs.form(1).layout.shape, inputs.form(0).dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.unaryDerivative(
      row, order: order, parameters, gradient: inputs[0], x: inputs[1], y: inputs[2],
      into: output)
  }

  func hasElements(_ inputs: Operands) -> Bool {
    let description = tk_unary_describe(row)
    return inputs.storage(0) != nil && (!description.reads_input || inputs.storage(1) != nil)
      && (!description.reads_output || inputs.storage(2) != nil)
  }
  var isElementwise: Bool { true }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let (g, x, y) = (inputs[0], inputs[1], inputs[2])
    let next = UnaryDerivative(row: row, order: order + 1, parameters: parameters)
    let here = UnaryDerivative(row: row, order: order, parameters: parameters)
    return [here(gradient, x, y), x.requiresGradient ? next(gradient * g, x, y) : nil, nil]
  }
}

extension tk_unary_row {
  fileprivate var saved: Saved {
    var saved: Saved = []
    if reads_input { saved.insert(.inputs) }
    if reads_output { saved.insert(.output) }
    return saved
  }
}
