internal import CTrainingKernels

/// Operators take their operands over: an intermediate result that nobody else holds gives its memory to the next.
extension Tensor {
  /// The sums of elements, after broadcasting.
  public static func + (a: consuming Tensor, b: consuming Tensor) -> Tensor {
    Binary(tk_binary_add).apply(to: Operands(consume a, consume b))
  }
  /// The differences of elements, after broadcasting.
  public static func - (a: consuming Tensor, b: consuming Tensor) -> Tensor {
    Binary(tk_binary_sub).apply(to: Operands(consume a, consume b))
  }
  /// The products of elements, after broadcasting.
  public static func * (a: consuming Tensor, b: consuming Tensor) -> Tensor {
    Binary(tk_binary_mul).apply(to: Operands(consume a, consume b))
  }
  /// The quotients of elements, after broadcasting; integers are divided as float32.
  public static func / (a: consuming Tensor, b: consuming Tensor) -> Tensor {
    Binary(tk_binary_div).apply(to: Operands(consume a, consume b))
  }

  /// Every element raised to the power of the other's element.
  ///
  /// - Gradient: with respect to the base 0 where the exponent is 0; to the exponent 0 where the base is 0.
  /// - Numerics: powers of integers by integers go through float64: exact below 2⁵³.
  public func pow(_ exponent: Tensor) -> Tensor {
    let type = promotedType(self, exponent)
    guard type.isInteger else { return Binary(tk_binary_pow)(self, exponent) }
    return Binary(tk_binary_pow)(cast(to: .float64), exponent.cast(to: .float64)).round()
      .cast(to: type)
  }

  /// Every element raised to a power.
  public func pow(_ exponent: Double) -> Tensor {
    guard exponent == 0.5 else { return Unary(tk_unary_powScalar, exponent)(self) }
    return autocasting(.wide, self) { $0.sqrt() }
  }

  /// The smaller of two elements; NaN when one is NaN.
  ///
  /// - Gradient: half each where they are equal.
  public func minimum(_ other: Tensor) -> Tensor { Binary(tk_binary_minimum)(self, other) }

  /// The larger of two elements; NaN when one is NaN.
  ///
  /// - Gradient: half each where they are equal.
  public func maximum(_ other: Tensor) -> Tensor { Binary(tk_binary_maximum)(self, other) }

  /// The angle of the point (x, self).
  ///
  /// - Units: radians, −π … π.
  public func atan2(_ x: Tensor) -> Tensor { Binary(tk_binary_atan2)(self, x) }

  /// What is left of the division rounded down; it has the sign of the divisor.
  ///
  /// - Numerics: an integer divided by zero leaves 0.
  public func remainder(dividingBy divisor: Tensor) -> Tensor {
    Binary(tk_binary_remainder)(self, divisor)
  }

  /// The quotient rounded down.
  ///
  /// - Gradient: none.
  public func floorDivided(by divisor: Tensor) -> Tensor {
    Binary(tk_binary_floorDivide)(detached(), divisor.detached())
  }
}

extension Tensor {
  /// The scalar as a tensor of no axes, in the dtype that it takes beside this tensor.
  package func scalar(_ value: some TensorScalar) -> Tensor {
    let own = type(of: value).dtype
    let dtype = own.category > self.dtype.category ? .float32 : self.dtype
    return Tensor(
      repeating: value, shape: .scalar, dtype: own == .int64 && self.dtype == .bool ? .int64 : dtype
    )
  }

  /// Every element plus a number.
  public static func + (a: consuming Tensor, b: some TensorScalar) -> Tensor {
    let b = a.scalar(b)
    return consume a + b
  }
  /// A number plus every element.
  public static func + (a: some TensorScalar, b: consuming Tensor) -> Tensor {
    let a = b.scalar(a)
    return a + consume b
  }
  /// Every element minus a number.
  public static func - (a: consuming Tensor, b: some TensorScalar) -> Tensor {
    let b = a.scalar(b)
    return consume a - b
  }
  /// A number minus every element.
  public static func - (a: some TensorScalar, b: consuming Tensor) -> Tensor {
    let a = b.scalar(a)
    return a - consume b
  }
  /// Every element times a number.
  public static func * (a: consuming Tensor, b: some TensorScalar) -> Tensor {
    let b = a.scalar(b)
    return consume a * b
  }
  /// A number times every element.
  public static func * (a: some TensorScalar, b: consuming Tensor) -> Tensor {
    let a = b.scalar(a)
    return a * consume b
  }
  /// Every element divided by a number.
  public static func / (a: consuming Tensor, b: some TensorScalar) -> Tensor {
    let b = a.scalar(b)
    return consume a / b
  }
  /// A number divided by every element.
  public static func / (a: some TensorScalar, b: consuming Tensor) -> Tensor {
    let a = b.scalar(a)
    return a / consume b
  }
}

extension Tensor {
  /// Replaces the tensor by the sums.
  public static func += (a: inout Tensor, b: Tensor) { a = a.take() + b }
  /// Adds a number to every element.
  public static func += (a: inout Tensor, b: some TensorScalar) { a = a.take() + b }
  /// Replaces the tensor by the differences.
  public static func -= (a: inout Tensor, b: Tensor) { a = a.take() - b }
  /// Takes a number off every element.
  public static func -= (a: inout Tensor, b: some TensorScalar) { a = a.take() - b }
  /// Replaces the tensor by the products.
  public static func *= (a: inout Tensor, b: Tensor) { a = a.take() * b }
  /// Multiplies every element by a number.
  public static func *= (a: inout Tensor, b: some TensorScalar) { a = a.take() * b }
  /// Replaces the tensor by the quotients.
  public static func /= (a: inout Tensor, b: Tensor) { a = a.take() / b }
  /// Divides every element by a number.
  public static func /= (a: inout Tensor, b: some TensorScalar) { a = a.take() / b }
}
