/// An affine map of the last axis: x weightᵀ + bias.
///
///     let y = Linear(64, 10)(x)     // x: [batch, 64], y: [batch, 10]
///
/// - Shape: `[…, inputs]` → `[…, outputs]`.
public final class Linear: Module {
  /// `[outputs, inputs]`.
  public let weight: Parameter
  /// `[outputs]`; nil when there is none.
  public let bias: Parameter?

  /// Creates a layer with random weights.
  ///
  /// - Parameter initializer: how the weight starts; evenly spread within ±1/√inputs, as the bias
  ///   does, when nil.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer? = nil) {
    let shape: Shape = [outputs, inputs]
    weight = Parameter((initializer ?? .layerWeight)(shape))
    self.bias = bias ? Parameter(Initializer.layerBias(besideWeight: shape)([outputs])) : nil
  }

  /// Creates a layer of parameters that exist already, such as those of another layer: what is shared
  /// is one parameter, whose gradient is the sum of both uses.
  ///
  ///     let head = Linear(weight: embedding.weight)
  ///
  /// - Errors: traps unless the weight is `[outputs, inputs]` and the bias `[outputs]`.
  public init(weight: Parameter, bias: Parameter? = nil) {
    (self.weight, self.bias) = (weight, bias)
    let (shape, shift) = (weight.value.shape, bias?.value.shape)
    if shape.rank != 2 || (shift.map { $0 != [shape[0]] } ?? false) {
      Context.current.fail(
        TensorError.argument(
          "Linear", expected: "a weight of [outputs, inputs] and a bias of [outputs]",
          got: [shape] + (shift.map { [$0] } ?? [])))
    }
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor { x.linear(weight.value, bias: bias?.value) }
}

extension Tensor {
  /// x weightᵀ + bias over the last axis.
  package func linear(_ weight: Tensor, bias: Tensor?) -> Tensor {
    checked(.low, self, weight, bias) { (x, weight, bias) throws(TensorError) in
      guard x.rank > 0, x.shape[-1] == weight.shape[1] else {
        throw .shape("linear", expected: "[…, \(weight.shape[1])]", got: x.shape)
      }
      let product = x.matmul(weight.transposed())
      guard let bias else { return product }
      return consume product + bias
    }
  }
}
