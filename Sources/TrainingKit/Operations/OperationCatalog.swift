/// Every operation, with calls that it must answer and calls that it must refuse. Tests loop over
/// it.
package enum OperationCatalog {
  /// Calls that tests compare with finite differences and with other engines.
  package static let samples: [OperationSample] = [
    unary, binary, selection, reduction, arrangement, indexing, product, convolution, pooling,
    normalization, attention,
  ].flatMap(\.self)

  /// Calls that an operation must refuse.
  package static let mistakes: [OperationMistake] = [
    pointwiseMistakes, reductionMistakes, arrangementMistakes, indexingMistakes, productMistakes,
    convolutionMistakes, poolingMistakes, normalizationMistakes, attentionMistakes,
  ].flatMap(\.self)
}

/// A call of an operation at inputs away from its kinks and singularities.
package struct OperationSample: Sendable {
  package let operation: String
  /// What is special about this call.
  package let label: String
  package let inputs: [SampleInput]
  /// Whether the result is a real number that may depend on an input.
  package let isDifferentiable: Bool
  package let isTwiceDifferentiable: Bool
  package let call: @Sendable ([Tensor]) -> Tensor

  init(
    _ operation: String, _ label: String, _ inputs: [SampleInput],
    isDifferentiable: Bool = true, isTwiceDifferentiable: Bool = true,
    call: @escaping @Sendable ([Tensor]) -> Tensor
  ) {
    self.operation = operation
    self.label = label
    self.inputs = inputs
    self.isDifferentiable = isDifferentiable
    self.isTwiceDifferentiable = isDifferentiable && isTwiceDifferentiable
    self.call = call
  }

  init(
    _ operation: String, _ inputs: [SampleInput], isDifferentiable: Bool = true,
    call: @escaping @Sendable ([Tensor]) -> Tensor
  ) {
    self.init(operation, "plain", inputs, isDifferentiable: isDifferentiable, call: call)
  }

  /// The inputs as tensors: reals in float64, integers in int64, masks in bool.
  package var arguments: [Tensor] { inputs.enumerated().map { $1.tensor(position: $0) } }
}

/// What one input of a sample looks like.
package struct SampleInput: Sendable, Hashable {
  package enum Kind: Sendable, Hashable { case real, integer, mask }

  package let kind: Kind
  package let shape: Shape
  package let lower, upper: Double

  static func real(_ shape: Shape, _ interval: ClosedRange<Double> = -2...2) -> SampleInput {
    SampleInput(
      kind: .real, shape: shape, lower: interval.lowerBound, upper: interval.upperBound)
  }

  /// Whole numbers from 0 to below `limit`.
  static func index(_ shape: Shape, below limit: Int) -> SampleInput {
    SampleInput(kind: .integer, shape: shape, lower: 0, upper: Double(limit))
  }

  static func mask(_ shape: Shape) -> SampleInput {
    SampleInput(kind: .mask, shape: shape, lower: 0, upper: 2)
  }

  /// Numbers that fill the interval evenly and differ from one another, also from those of other
  /// positions.
  ///
  /// - Parameter position: the place of the input among the inputs.
  package func tensor(position: Int) -> Tensor {
    let values = (0..<shape.count).map { index in
      let turns = Double(index + 1) * 0.618_033_988_749_894_9 + Double(position + 1) * 0.373
      return lower + (upper - lower) * (turns - turns.rounded(.down))
    }
    switch kind {
    case .real: return Tensor(values, shape: shape, dtype: .float64)
    case .integer: return Tensor(values.map { Int($0) }, shape: shape)
    case .mask: return Tensor(values.map { $0 >= 1 }, shape: shape)
    }
  }
}

/// A call that an operation must refuse, and the kind of mistake it must report.
package struct OperationMistake: Sendable {
  /// The operation that reports the mistake: the one that was called, or one that it is made of.
  package let operation: String
  package let label: String
  package let kind: TensorError.Kind
  package let call: @Sendable () -> Tensor

  init(
    _ operation: String, _ label: String, _ kind: TensorError.Kind,
    call: @escaping @Sendable () -> Tensor
  ) {
    self.operation = operation
    self.label = label
    self.kind = kind
    self.call = call
  }
}

extension Tensor {
  /// Zeros for the arguments of mistakes.
  static func zeros(_ extents: Int...) -> Tensor { .zeros(Shape(extents)) }
  /// Zeros that are whole numbers.
  static func integers(_ extents: Int...) -> Tensor { .zeros(Shape(extents), dtype: .int64) }
}
