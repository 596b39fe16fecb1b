/// A recurrent layer: a cell that goes along each sequence and carries a state, in several layers,
/// from one end or from both.
///
///     let lstm = LSTM(64, 128, layers: 2, dropout: 0.1)
///     let (outputs, state) = lstm(x, state: nil)         // [batch, length, 128], [2, batch, 128]
///     let (more, _) = lstm(next, state: state)           // goes on where x ended
///     let classifier = Sequential { LSTM(64, 128); FunctionLayer { $0[.all, -1] }; Linear(128, 10) }
///
/// ``LSTM``, ``GRU`` and ``RNN`` have PyTorch's parameters in PyTorch's order.
///
/// - Shape: `[batch, length, inputs]` → `[batch, length, directions · features]`. States are tensors
///   of `[layers · directions, batch, features]`.
/// - Numerics: the same start as PyTorch's from a generator of the same seed.
/// - Gradient: through all steps.
public final class Recurrent<Cell: RecurrentCell>: Module {
  /// The cells of all layers, those of the first layer first; in a bidirectional layer the one that
  /// goes forward first.
  public let cells: [Cell]
  private let directions: Int
  private let dropout: Double
  private let mode = Mode()

  /// Creates a layer of cells.
  ///
  /// - Parameters:
  ///   - inputs: the features of a token.
  ///   - isBidirectional: whether a second cell of each layer goes from the end to the start; the
  ///     features of both stand side by side.
  ///   - dropout: the probability of dropping what a layer but the last gives to the next, in
  ///     training.
  ///   - makeCell: makes the cell of a layer for as many inputs.
  public init(
    _ inputs: Int, layers: Int = 1, isBidirectional: Bool = false, dropout: Double = 0,
    makeCell: (_ inputs: Int) -> Cell
  ) {
    directions = isBidirectional ? 2 : 1
    self.dropout = dropout
    var cells: [Cell] = []
    for layer in 0..<max(1, layers) {
      let width = layer == 0 ? inputs : directions * cells[0].features
      for _ in 0..<directions { cells.append(makeCell(width)) }
    }
    self.cells = cells
    if layers < 1 {
      Context.current.fail(
        TensorError.argument("Recurrent", expected: "at least one layer", got: layers))
    }
    if !(0...1).contains(dropout) {
      Context.current.fail(
        TensorError.argument("Recurrent", expected: "dropout in 0 … 1", got: dropout))
    }
  }

  /// The outputs of the last layer, from a state of 0.
  public func forward(_ x: Tensor) -> Tensor { run(x, nil, nil).outputs }

  /// The outputs of the last layer at every token, and the state at the end.
  ///
  /// - Parameters:
  ///   - state: what the cells start from; zeros when nil.
  ///   - mask: `[batch, length]`, true at tokens that take part. At others the state stays as it is
  ///     and outputs are 0, so that sequences of several lengths fit in a batch.
  public func callAsFunction(
    _ x: Tensor, state: Cell.State?, mask: Tensor? = nil
  ) -> (outputs: Tensor, state: Cell.State) {
    called { self.run(x, state, mask) }
  }

  private func run(
    _ x: Tensor, _ state: Cell.State?, _ mask: Tensor?
  ) -> (outputs: Tensor, state: Cell.State) {
    guard let starts = starts(for: x, state), isMask(mask, of: x) else {
      return (.hollow(.scalar, x.dtype), Cell.hollowState)
    }
    let isAlive = mask?.expandedDimensions(axis: -1).unstacked(axis: 1)
    var sequence = x.transposed(0, 1)
    var ends: [Cell.State] = []
    for layer in 0..<(cells.count / directions) {
      if layer > 0, mode.isTraining, dropout > 0 { sequence = sequence.dropout(dropout) }
      let passes = (0..<directions).map { direction in
        let position = layer * directions + direction
        let pass = Pass(cell: cells[position], isReversed: direction == 1, isAlive: isAlive)
        return pass(sequence, from: starts[position])
      }
      ends += passes.map(\.state)
      sequence = directions == 1 ? passes[0].outputs : concatenate(passes.map(\.outputs), axis: -1)
    }
    return (sequence.transposed(0, 1), stacked(ends))
  }

  /// The state that each cell starts from; nil after reporting shapes that do not fit.
  private func starts(for x: Tensor, _ state: Cell.State?) -> [Cell.State]? {
    guard x.isSequence(of: cells[0].inputs, "Recurrent") else { return nil }
    let shape: Shape = [cells.count, x.shape[0], cells[0].features]
    guard let start = cells[0].start(state, shape, x.dtype) else { return nil }
    let tensors = Cell.tensors(of: start).map { $0.unstacked() }
    return cells.indices.map { position in Cell.state(of: tensors.map { $0[position] }) }
  }

  private func stacked(_ states: [Cell.State]) -> Cell.State {
    let tensors = states.map(Cell.tensors)
    return Cell.state(of: tensors[0].indices.map { part in stack(tensors.map { $0[part] }) })
  }

  private func isMask(_ mask: Tensor?, of x: Tensor) -> Bool {
    guard let mask, mask.dtype != .bool || mask.shape != [x.shape[0], x.shape[1]] else {
      return true
    }
    Context.current.fail(
      TensorError.argument(
        "Recurrent", expected: "a mask of bool and of [\(x.shape[0]), \(x.shape[1])]",
        got: "\(mask.dtype) of \(mask.shape)"))
    return false
  }
}

/// A cell on its way along sequences.
private struct Pass<Cell: RecurrentCell> {
  let cell: Cell
  let isReversed: Bool
  /// For each step, `[batch, 1]`: where the token takes part.
  let isAlive: [Tensor]?

  /// `[length, batch, inputs]` → `[length, batch, features]`.
  func callAsFunction(
    _ sequence: Tensor, from start: Cell.State
  ) -> (outputs: Tensor, state: Cell.State) {
    // One product for all tokens: only the state has to wait for the step before.
    let tokens = cell.projected(sequence).unstacked()
    let advance = cell.makeStep()
    var outputs = tokens
    var state = start
    for step in tokens.indices {
      let time = isReversed ? tokens.count - 1 - step : step
      let next = advance(state, tokens[time])
      (outputs[time], state) = kept(next, state, at: time)
    }
    let none = Tensor.zeros([0, sequence.shape[1], cell.features], dtype: sequence.dtype)
    return (outputs.isEmpty ? none : stack(outputs), state)
  }

  /// The output and the state after a step, as far as the token takes part.
  private func kept(
    _ next: Cell.State, _ state: Cell.State, at time: Int
  ) -> (output: Tensor, state: Cell.State) {
    let new = Cell.tensors(of: next)
    guard let isAlive = isAlive?[time] else { return (new[0], next) }
    let kept = zip(new, Cell.tensors(of: state)).map { which(isAlive, $0, $1) }
    let silence = Tensor.zeros([], dtype: new[0].dtype)
    return (which(isAlive, new[0], silence), Cell.state(of: kept))
  }
}

/// A recurrent layer with long short-term memory.
///
/// - Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory".
public typealias LSTM = Recurrent<LSTMCell>

/// A recurrent layer of gated recurrent units.
///
/// - Source: Cho et al. 2014, arXiv:1406.1078.
public typealias GRU = Recurrent<GRUCell>

/// A plain recurrent layer.
///
/// - Source: Elman 1990, "Finding Structure in Time".
public typealias RNN = Recurrent<RNNCell>

extension Recurrent where Cell == LSTMCell {
  /// Creates a layer with random weights, evenly spread within ±1/√features.
  public convenience init(
    _ inputs: Int, _ features: Int, layers: Int = 1, isBidirectional: Bool = false,
    dropout: Double = 0, bias: Bool = true
  ) {
    self.init(inputs, layers: layers, isBidirectional: isBidirectional, dropout: dropout) {
      LSTMCell($0, features, bias: bias)
    }
  }
}

extension Recurrent where Cell == GRUCell {
  /// Creates a layer with random weights, evenly spread within ±1/√features.
  public convenience init(
    _ inputs: Int, _ features: Int, layers: Int = 1, isBidirectional: Bool = false,
    dropout: Double = 0, bias: Bool = true
  ) {
    self.init(inputs, layers: layers, isBidirectional: isBidirectional, dropout: dropout) {
      GRUCell($0, features, bias: bias)
    }
  }
}

extension Recurrent where Cell == RNNCell {
  /// Creates a layer with random weights, evenly spread within ±1/√features.
  public convenience init(
    _ inputs: Int, _ features: Int, activation: RNNCell.Activation = .tanh, layers: Int = 1,
    isBidirectional: Bool = false, dropout: Double = 0, bias: Bool = true
  ) {
    self.init(inputs, layers: layers, isBidirectional: isBidirectional, dropout: dropout) {
      RNNCell($0, features, activation: activation, bias: bias)
    }
  }
}
