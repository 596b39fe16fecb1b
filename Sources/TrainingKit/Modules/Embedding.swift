/// A table with a learned row for each token.
///
/// - Shape: whole numbers `[…]` → `[…, features]`.
/// - Errors: traps when a token is not in `0 ..< count`.
public final class Embedding: Module {
  /// `[count, features]`.
  public let weight: Parameter
  private let paddingIndex: Int?

  /// Creates a table of normal random numbers.
  ///
  /// - Parameters:
  ///   - paddingIndex: a row that starts at zero and gets no gradient.
  ///   - initializer: how the table starts.
  public init(
    _ count: Int, _ features: Int, paddingIndex: Int? = nil, initializer: Initializer = .normal()
  ) {
    let start = initializer([count, features])
    self.paddingIndex = paddingIndex
    guard let paddingIndex else {
      weight = Parameter(start)
      return
    }
    if !(0..<count).contains(paddingIndex) {
      Context.current.fail(
        TensorError.argument(
          "Embedding", expected: "a paddingIndex in \(0..<count)", got: paddingIndex))
    }
    let isPadding = Tensor.range(0, count).reshaped([count, 1] as Shape) .== paddingIndex
    weight = Parameter(which(isPadding, Tensor.zeros([]), start))
  }

  /// Looks the tokens up.
  public func forward(_ tokens: Tensor) -> Tensor {
    weight.value.embedding(tokens, paddingIndex: paddingIndex)
  }
}
