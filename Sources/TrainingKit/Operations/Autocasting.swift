/// Runs `body` in mixed precision: products of matrices in 16 bits, what needs more in float32.
///
///     let (loss, gradients) = autocast(.bfloat16) {
///       model.valueAndGradients { crossEntropy($0(x), y) }
///     }
///
/// Parameters stay as they are, float32, and so do their gradients; what the backward pass keeps of activations takes
/// half the memory. A parameter is cast once, and the cast is kept until the region ends. Regions nest, and
/// `autocast(nil)` is plain inside.
///
/// - Numerics: in 16 bits: matmul, linear and convolution layers, prelu, attention. In float32: exp, log, pow and
///   their like, softmax, sums, products, norms, normalization of layers and groups, losses. Everything else as its
///   inputs come; float64 and whole numbers are left alone. These are the lists of PyTorch's autocast for CUDA.
/// - Gradient: in the dtypes of the forward pass, inside or outside of `body`.
/// - Errors: traps unless the dtype is float16, bfloat16 or nil.
/// - Source: Micikevicius et al. 2018, arXiv:1710.03740.
public func autocast<Result>(_ dtype: DType?, _ body: () throws -> Result) rethrows -> Result {
  let context = Context.current
  guard let dtype else { return try context.autocasting(nil, body) }
  guard dtype == .float16 || dtype == .bfloat16 else {
    context.fail(TensorError.dtype("autocast", expected: "float16 or bfloat16", got: dtype))
    return try body()
  }
  if context.autocast?.dtype == dtype { return try body() }
  return try context.autocasting(Autocast(to: dtype) { $0.cast(to: $1) }, body)
}

/// A tensor or none, as composed operations take them.
protocol AutocastInput {
  var dtypes: [DType] { get }
  func cast(to dtype: DType?, by autocast: Autocast) -> Self
}

extension Tensor: AutocastInput {
  var dtypes: [DType] { [dtype] }
  func cast(to dtype: DType?, by autocast: Autocast) -> Tensor {
    dtype.map { autocast.cast(self, to: $0) } ?? self
  }
}

extension Optional: AutocastInput where Wrapped == Tensor {
  var dtypes: [DType] { map(\.dtypes) ?? [] }
  func cast(to dtype: DType?, by autocast: Autocast) -> Tensor? {
    map { $0.cast(to: dtype, by: autocast) }
  }
}

/// A tensor that is not cast, beside the dtype that it would be cast to: for kernels that read what they are given.
struct Uncast: AutocastInput {
  let tensor: Tensor
  let dtype: DType

  init(_ tensor: Tensor) { self.init(tensor, tensor.dtype) }

  private init(_ tensor: Tensor, _ dtype: DType) { (self.tensor, self.dtype) = (tensor, dtype) }

  var dtypes: [DType] { tensor.dtypes }
  func cast(to dtype: DType?, by autocast: Autocast) -> Uncast {
    Uncast(tensor, tensor.dtype.isCastByAutocast ? dtype ?? self.dtype : self.dtype)
  }

  /// The tensor, cast now.
  var cast: Tensor { tensor.cast(to: dtype) }
}

/// The result of a composed operation as `autocasting` runs it, or a hollow tensor after reporting its mistake.
func checked<each Input: AutocastInput>(
  _ rule: PrecisionRule, _ inputs: repeat each Input,
  body: (repeat each Input) throws(TensorError) -> Tensor
) -> Tensor {
  checked { () throws(TensorError) in try autocasting(rule, repeat each inputs, body: body) }
}

/// Runs a composed operation in the precision that an autocast in force gives it: `body` gets the inputs as the rule
/// wants them, and nothing in it is cast again.
func autocasting<each Input: AutocastInput, Result, Failure: Error>(
  _ rule: PrecisionRule, _ inputs: repeat each Input,
  body: (repeat each Input) throws(Failure) -> Result
) throws(Failure) -> Result {
  let context = Context.current
  guard let autocast = context.autocast else { return try body(repeat each inputs) }
  var dtypes: [DType] = []
  for input in repeat each inputs { dtypes += input.dtypes }
  let target = autocast.target(rule, dtypes)
  return try context.autocasting(nil) { () throws(Failure) in
    try body(repeat (each inputs).cast(to: target, by: autocast))
  }
}
