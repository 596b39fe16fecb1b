/// One step of a recurrent layer: what becomes of a state when a token comes.
///
/// A type of one's own that conforms to it gets several layers, both directions and masks from
/// ``Recurrent``.
public protocol RecurrentCell: Module where Input == Tensor, Output == Tensor {
  /// What is carried from token to token: tensors of `[batch, features]`.
  associatedtype State = Tensor

  /// The features of a token.
  var inputs: Int { get }
  /// The features of the output.
  var features: Int { get }

  /// What of a step depends on the token alone; all tokens of a sequence go through it at once.
  ///
  /// - Shape: `[…, inputs]` → `[…, any number]`.
  func projected(_ x: Tensor) -> Tensor

  /// The rule of a step: from a state and the row of `projected` for each sample of the batch to the
  /// state after the token.
  ///
  /// It is asked for once for all tokens of a sequence, so that what steps share is computed once.
  func makeStep() -> (_ state: State, _ token: Tensor) -> State

  /// A state of the given tensors, as many as ``tensors(of:)`` gives.
  static func state(of tensors: [Tensor]) -> State

  /// The tensors of a state; the first is the output.
  static func tensors(of state: State) -> [Tensor]

  /// How many tensors a state has.
  static var stateCount: Int { get }
}

extension RecurrentCell where State == Tensor {
  /// The only tensor.
  public static func state(of tensors: [Tensor]) -> Tensor { tensors[0] }

  /// The state itself.
  public static func tensors(of state: Tensor) -> [Tensor] { [state] }

  /// One.
  public static var stateCount: Int { 1 }
}

extension RecurrentCell {
  /// The output for the first token of each sample: the state before it is 0.
  ///
  /// - Shape: `[batch, inputs]` → `[batch, features]`.
  public func forward(_ x: Tensor) -> Tensor { Self.tensors(of: step(x, nil))[0] }

  /// The state after a token.
  ///
  /// - Shape: `[batch, inputs]`, and a state of tensors of `[batch, features]` → such a state.
  /// - Parameter state: what the token before gave; zeros when nil.
  public func callAsFunction(_ x: Tensor, state: State?) -> State {
    called { self.step(x, state) }
  }

  private func step(_ x: Tensor, _ state: State?) -> State {
    guard x.rank == 2, x.shape[1] == inputs else {
      Context.current.fail(
        TensorError.shape("\(Self.self)", expected: "[batch, \(inputs)]", got: x.shape))
      return Self.hollowState
    }
    guard let start = start(state, [x.shape[0], features], x.dtype) else { return Self.hollowState }
    return makeStep()(start, projected(x))
  }

  static var hollowState: State {
    state(of: Array(repeating: .hollow(.scalar, .float32), count: stateCount))
  }

  /// The given state, or zeros; nil after reporting that its shape is another.
  func start(_ state: State?, _ shape: Shape, _ dtype: DType) -> State? {
    guard let state else {
      return Self.state(
        of: Array(repeating: Tensor.zeros(shape, dtype: dtype), count: Self.stateCount))
    }
    guard let stray = Self.tensors(of: state).first(where: { $0.shape != shape }) else {
      return state
    }
    Context.current.fail(
      TensorError.shape("\(Self.self)", expected: "a state of \(shape)", got: stray.shape))
    return nil
  }
}

/// The parameters of a cell whose gates are affine in the token and in the output before it.
public class RecurrentWeights {
  /// `[gates · features, inputs]`, from tokens; the gates are one below the other.
  public let inputWeight: Parameter
  /// `[gates · features, features]`, from outputs.
  public let hiddenWeight: Parameter
  /// `[gates · features]`; nil when there is none.
  public let inputBias: Parameter?
  /// `[gates · features]`; nil when there is none.
  public let hiddenBias: Parameter?
  /// The features of a token.
  public let inputs: Int
  /// The features of the output.
  public let features: Int

  init(gates: Int, _ inputs: Int, _ features: Int, bias: Bool) {
    let bound = features > 0 ? 1 / Double(features).squareRoot() : 0
    let rows = gates * features
    func drawn(_ shape: Shape) -> Parameter { Parameter(Initializer.uniform(-bound, bound)(shape)) }
    inputWeight = drawn([rows, inputs])
    hiddenWeight = drawn([rows, features])
    inputBias = bias ? drawn([rows]) : nil
    hiddenBias = bias ? drawn([rows]) : nil
    (self.inputs, self.features) = (inputs, features)
  }

  /// The sum of both biases: where gates only add them, all steps share one addition.
  var bias: Tensor? {
    guard let inputBias, let hiddenBias else { return nil }
    return inputBias.value + hiddenBias.value
  }
}
