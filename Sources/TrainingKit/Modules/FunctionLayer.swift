/// A layer without parameters: a function of tensors.
///
///     Sequential { Linear(2, 2); FunctionLayer { $0.sin() } }
public class FunctionLayer: Module {
  private let function: (Tensor) -> Tensor

  /// Creates a layer of any function.
  public init(_ function: @escaping (Tensor) -> Tensor) { self.function = function }

  /// Applies the function.
  public func forward(_ x: Tensor) -> Tensor { function(x) }
}

/// Makes the axes from `first` to `last` one: by default all but the batch.
///
/// - Shape: `[batch, …]` → `[batch, features]`.
public final class Flatten: FunctionLayer {
  /// Creates the layer.
  public init(from first: Int = 1, through last: Int = -1) {
    super.init { $0.flattened(from: first, through: last) }
  }
}
