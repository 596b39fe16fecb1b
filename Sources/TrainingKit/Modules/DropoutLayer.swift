/// Sets random elements to zero while training and passes everything on in evaluation:
/// ``Tensor/dropout(_:generator:)`` as a layer.
public final class Dropout: Module {
  private let probability: Double
  private let mode = Mode()

  /// Creates a layer that drops with the given probability.
  ///
  /// - Errors: traps when the probability is not in 0 … 1.
  public init(_ probability: Double = 0.5) {
    self.probability = probability
    if !(0...1).contains(probability) {
      Context.current.fail(
        TensorError.argument("Dropout", expected: "a probability in 0 … 1", got: probability))
    }
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor { mode.isTraining ? x.dropout(probability) : x }
}
