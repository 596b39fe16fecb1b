/// The cell of a plain recurrent network: h′ = tanh(W x + b + U h + c).
///
/// - Shape: `[batch, inputs]` → `[batch, features]`.
/// - Source: Elman 1990, "Finding Structure in Time".
public final class RNNCell: RecurrentWeights, RecurrentCell {
  /// What bends the sum.
  public enum Activation: Sendable, Hashable {
    /// The hyperbolic tangent.
    case tanh
    /// The rectifier.
    case relu
  }

  private let activation: Activation

  /// Creates a cell with random weights, evenly spread within ±1/√features.
  public init(
    _ inputs: Int, _ features: Int, activation: Activation = .tanh, bias: Bool = true
  ) {
    self.activation = activation
    super.init(gates: 1, inputs, features, bias: bias)
  }

  /// W x + b + c.
  public func projected(_ x: Tensor) -> Tensor { x.linear(inputWeight.value, bias: bias) }

  /// The bent sum.
  public func makeStep() -> (_ state: Tensor, _ token: Tensor) -> Tensor {
    let (weight, activation) = (hiddenWeight.value.transposed(), activation)
    return { state, token in
      let sum = token + state.matmul(weight)
      return activation == .tanh ? sum.tanh() : sum.relu()
    }
  }
}

/// What an LSTM carries from token to token.
public struct LSTMState: Sendable {
  /// The output.
  public var hidden: Tensor
  /// What is remembered, and shown as far as the output gate lets it through.
  public var cell: Tensor

  /// Creates a state.
  public init(hidden: Tensor, cell: Tensor) { (self.hidden, self.cell) = (hidden, cell) }
}

/// The cell of an LSTM, with input gate, forget gate, candidate and output gate in this order:
/// c′ = σ(f) c + σ(i) tanh(g), h′ = σ(o) tanh(c′).
///
/// - Shape: `[batch, inputs]` → `[batch, features]`.
/// - Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; the forget gate of Gers et
///   al. 2000.
public final class LSTMCell: RecurrentWeights, RecurrentCell {
  /// Creates a cell with random weights, evenly spread within ±1/√features.
  public init(_ inputs: Int, _ features: Int, bias: Bool = true) {
    super.init(gates: 4, inputs, features, bias: bias)
  }

  /// What the gates get from tokens and biases.
  public func projected(_ x: Tensor) -> Tensor { x.linear(inputWeight.value, bias: bias) }

  /// The gates at work.
  public func makeStep() -> (_ state: LSTMState, _ token: Tensor) -> LSTMState {
    let weight = hiddenWeight.value.transposed()
    return { state, token in
      let gates = (token + state.hidden.matmul(weight)).split(into: 4, axis: -1)
      let kept = gates[1].sigmoid() * state.cell
      let cell = kept + gates[0].sigmoid() * gates[2].tanh()
      return LSTMState(hidden: gates[3].sigmoid() * cell.tanh(), cell: cell)
    }
  }

  /// Output and memory.
  public static func state(of tensors: [Tensor]) -> LSTMState {
    LSTMState(hidden: tensors[0], cell: tensors[1])
  }

  /// Output and memory.
  public static func tensors(of state: LSTMState) -> [Tensor] { [state.hidden, state.cell] }

  /// Two.
  public static var stateCount: Int { 2 }
}

/// The cell of a GRU, with reset gate, update gate and candidate in this order:
/// h′ = (1 − σ(z)) n + σ(z) h, where n = tanh(W x + b + σ(r) (U h + c)).
///
/// - Shape: `[batch, inputs]` → `[batch, features]`.
/// - Source: Cho et al. 2014, arXiv:1406.1078, with the reset gate behind the product as in cuDNN
///   and PyTorch.
public final class GRUCell: RecurrentWeights, RecurrentCell {
  /// Creates a cell with random weights, evenly spread within ±1/√features.
  public init(_ inputs: Int, _ features: Int, bias: Bool = true) {
    super.init(gates: 3, inputs, features, bias: bias)
  }

  /// W x + b of each gate.
  public func projected(_ x: Tensor) -> Tensor {
    x.linear(inputWeight.value, bias: inputBias?.value)
  }

  /// The gates at work.
  public func makeStep() -> (_ state: Tensor, _ token: Tensor) -> Tensor {
    let (weight, bias) = (hiddenWeight.value.transposed(), hiddenBias?.value)
    let sizes = [2 * features, features]
    return { state, token in
      let product = state.matmul(weight)
      let fromState = (bias.map { product + $0 } ?? product).split(sizes: sizes, axis: -1)
      let fromToken = token.split(sizes: sizes, axis: -1)
      let gates = (fromToken[0] + fromState[0]).sigmoid().split(into: 2, axis: -1)
      let candidate = (fromToken[1] + gates[0] * fromState[1]).tanh()
      return candidate + gates[1] * (state - candidate)
    }
  }
}
