package import CTrainingKernels

/// What a device can compute: one requirement a family of kernels.
///
/// The last argument is written; it is a fresh tensor that nobody else holds yet. Shapes and dtypes have
/// been checked by the operation.
package protocol Backend: AnyObject, Sendable {
  var pool: MemoryPool { get }
  /// What takes the place of a pool in a file.
  func pool(for file: MemoryPool) -> MemoryPool
  /// Gives memory that nobody uses back to the system.
  func trim()
  /// Whether nothing is computed; elements of its tensors may not be written.
  var isPaper: Bool { get }
  /// Whose memory kernels read and write, as storages say it; nil where they read none.
  var deviceNumber: Int? { get }

  /// Whether the program goes on while kernels run, so that whoever asks for elements waits.
  var computesAside: Bool { get }
  /// Waits where mistakes may be found still, and throws the first.
  func settle() throws(DeviceFault)
  /// Is told that the program is about to see elements without asking the device.
  func willRead(_ x: Tensor, for operation: String)
  /// Is told that numbers are about to be drawn from a generator; `isCounted` where a place in a stream says which.
  func willDraw(from generator: AnyObject, isCounted: Bool)
  /// What kept the pool from giving memory, beside a lack of it; nil for most devices.
  func takeFault() -> DeviceFault?

  /// Lets `body` write the elements of a contiguous tensor in the processor's memory.
  func write(into y: Tensor, _ body: (UnsafeMutableRawPointer) -> Void) throws(DeviceFault)
  /// Copies the elements of a contiguous tensor to the processor's memory, when they are all there.
  func read(_ x: Tensor, into target: UnsafeMutableRawPointer) throws(DeviceFault)

  func unary(
    _ row: tk_unary, compute: tk_compute, _ parameters: [Double], _ x: Tensor, into y: Tensor)
    throws(DeviceFault)
  /// `y` and `x` may be hollow when the row does not read them.
  func unaryDerivative(
    _ row: tk_unary, order: Int, _ parameters: [Double], gradient: Tensor, x: Tensor, y: Tensor,
    into result: Tensor) throws(DeviceFault)
  func binary(_ row: tk_binary, compute: tk_compute, _ a: Tensor, _ b: Tensor, into y: Tensor)
    throws(DeviceFault)
  func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor) throws(DeviceFault)
  /// Copies and converts; `y` may be a strided view of a larger fresh tensor.
  func copy(_ x: Tensor, into y: Tensor) throws(DeviceFault)
  func fill(_ value: some TensorScalar, into y: Tensor) throws(DeviceFault)
  func range(start: Double, step: Double, into y: Tensor) throws(DeviceFault)

  func reduce(_ row: tk_reduction, _ x: Tensor, axes: [Int], into y: Tensor) throws(DeviceFault)
  /// What one pass finds in each of `parts` equal runs of a contiguous tensor, which has elements.
  func measure(_ x: Tensor, parts: Int, power: Double, scale: Double) throws(DeviceFault)
    -> [ElementStatistics]
  /// The same of squares, in each of some tensors as a whole. A device that computes aside is waited for once.
  func measure(each tensors: [Tensor]) throws(DeviceFault) -> [ElementStatistics]
  func softmax(logarithm: Bool, _ x: Tensor, into y: Tensor) throws(DeviceFault)
  func softmaxBackward(logarithm: Bool, gradient: Tensor, y: Tensor, into result: Tensor)
    throws(DeviceFault)
  /// −log softmax of each row at its label, which is one of its elements.
  func surprise(_ x: Tensor, at labels: Tensor, into y: Tensor) throws(DeviceFault)
  func surpriseBackward(_ x: Tensor, at labels: Tensor, gradient: Tensor, into result: Tensor)
    throws(DeviceFault)
  /// The sum of squared distances from the mean of each row of `width` elements. Both are contiguous.
  func squareDistances(_ x: Tensor, width: Int, into y: Tensor) throws(DeviceFault)
  /// Rows at mean 0, where they are centered, and mean square 1: they, one over their roots, and what a weight and a
  /// bias make of them where `y` is not nil. All are contiguous.
  func standardize(
    _ x: Tensor, isCentered: Bool, epsilon: Double, weight: Tensor?, bias: Tensor?,
    into values: Tensor, _ roots: Tensor, _ y: Tensor?) throws(DeviceFault)
  /// What a gradient of the scaled rows is to those before `standardize`, and its sums `[pieces, width]` over pieces of
  /// rows: to the weight, and to the bias.
  func standardizeBackward(
    _ gradient: Tensor, isCentered: Bool, weight: Tensor?, values: Tensor, roots: Tensor,
    into result: Tensor?, _ toWeight: Tensor?, _ toBias: Tensor?, pieceLength: Int)
    throws(DeviceFault)
  /// Each channel at mean 0 and variance 1, scaled and shifted. Writes `y`, and the statistics of each channel. All are
  /// contiguous.
  func batchNorm(
    _ x: Tensor, epsilon: Double, weight: Tensor?, bias: Tensor?, into y: Tensor,
    _ statistics: ChannelStatistics) throws(DeviceFault)
  /// What a gradient of `y` is to `x`, the weight and the bias, where the result is not nil.
  func batchNormBackward(
    _ gradient: Tensor, _ x: Tensor, _ statistics: ChannelStatistics, weight: Tensor?,
    into result: Tensor?,
    _ toWeight: Tensor?,
    _ toBias: Tensor?) throws(DeviceFault)
  func cumulativeSum(_ x: Tensor, into y: Tensor) throws(DeviceFault)
  func argsort(_ x: Tensor, descending: Bool, into order: Tensor) throws(DeviceFault)

  /// The product of matrices in the last two axes; the axes before agree.
  func matmul(_ a: Tensor, _ b: Tensor, into c: Tensor) throws(DeviceFault)
  /// `y` is `[batch, targets, heads, outputs]`.
  func attention(_ heads: AttentionProduct, into y: Tensor) throws(DeviceFault)
  /// The gradients of queries, keys and values, each `[batch, rows, heads, columns]`.
  func attentionBackward(
    _ heads: AttentionProduct, gradient: Tensor, into results: [Tensor]) throws(DeviceFault)
  /// What is wrong with the first of some int64 indices without gaps that breaks a rule; nil where none does. A device
  /// that computes aside finds that later: what waits for it then throws it as a fault. Kernels leave such indices out.
  func check(_ indices: Tensor, _ rule: IndexRule) throws(DeviceFault) -> TensorError?
  func gather(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) throws(DeviceFault)
  /// Adds into `y`, which holds zeros.
  func scatterAdd(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) throws(DeviceFault)
  /// A product of images, a weight and places into the third of them.
  func convolve(_ work: ConvolutionWork) throws(DeviceFault)
  func unfold(_ window: tk_window, padding: Double, _ images: Tensor, into columns: Tensor)
    throws(DeviceFault)
  func fold(_ window: tk_window, _ columns: Tensor, into images: Tensor) throws(DeviceFault)

  func random(_ distribution: Distribution, _ generator: tk_philox, into y: Tensor)
    throws(DeviceFault)
  /// The elements of `x` times what a Bernoulli distribution gives for them; both lie without gaps.
  func dropout(
    _ x: Tensor, probability: Double, value: Double, _ generator: tk_philox, into y: Tensor)
    throws(DeviceFault)
  func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor])
    throws(DeviceFault)
  /// The same in float32 where weights or states are in half precision; the gradient is of any dtype.
  func update(
    _ row: tk_update, _ scalars: [Double], rounded weights: RoundedTensor, gradient: Tensor,
    states: [RoundedTensor]) throws(DeviceFault)
  /// Whether several updates at once take less time than one after the other.
  var updatesTogether: Bool { get }
  /// Updates of which none reads what another writes.
  func update(_ updates: [ParameterUpdate]) throws(DeviceFault)
}

/// One pass over a parameter and its state.
package enum ParameterUpdate {
  case plain(
    tk_update, [Double], parameter: Tensor, gradient: Tensor, states: [Tensor])
  case rounded(
    tk_update, [Double], weights: RoundedTensor, gradient: Tensor, states: [RoundedTensor])
}

extension Backend {
  package var updatesTogether: Bool { false }
  package func update(_ updates: [ParameterUpdate]) throws(DeviceFault) {
    for update in updates {
      switch update {
      case .plain(let row, let scalars, let parameter, let gradient, let states):
        try self.update(row, scalars, parameter: parameter, gradient: gradient, states: states)
      case .rounded(let row, let scalars, let weights, let gradient, let states):
        try self.update(row, scalars, rounded: weights, gradient: gradient, states: states)
      }
    }
  }
  package func takeFault() -> DeviceFault? { nil }
  package func trim() { pool.trim() }
  package var computesAside: Bool { false }
  package func settle() {}
  package func willRead(_ x: Tensor, for operation: String) {}
  package func willDraw(from generator: AnyObject, isCounted: Bool) {}
}

/// A parameter or a state, and how float32 results are rounded to it where it is in half precision.
package struct RoundedTensor {
  package let elements: Tensor
  /// What rounding took away, two bytes an element; for compensated rounding only.
  package let compensation: Tensor?
  package let rounding: tk_rounding
  package let generator: tk_philox

  package init(
    _ elements: Tensor, compensation: Tensor? = nil, rounding: tk_rounding = tk_round_nearest,
    generator: tk_philox = tk_philox()
  ) {
    self.elements = elements
    self.compensation = compensation
    self.rounding = rounding
    self.generator = generator
  }
}

/// What one pass over elements finds.
package struct ElementStatistics: Sendable {
  /// The sum of |scale · x| to the power, in double; NaN or infinite when an element is.
  package var powerSum = 0.0
  /// The largest magnitude of a finite element.
  package var largest = 0.0
  package var nonFiniteCount = 0
  package var zeroCount = 0
}

/// Contiguous int64 indices and how they repeat over `[outer, count, inner]`.
package struct IndexView {
  package let indices: Tensor
  package let outer, count, inner: Int
  package let outerStride, axisStride, innerStride: Int

  package init(
    _ indices: Tensor, outer: Int, count: Int, inner: Int, outerStride: Int, axisStride: Int,
    innerStride: Int
  ) {
    self.indices = indices
    self.outer = outer
    self.count = count
    self.inner = inner
    self.outerStride = outerStride
    self.axisStride = axisStride
    self.innerStride = innerStride
  }
}

/// What indices have to be.
package struct IndexRule: Sendable {
  /// What they are below; none is below 0.
  package let limit: Int
  /// One that may be anything.
  package let ignored: Int?
  /// What is wrong with another.
  package let mistake: @Sendable (Int64) -> TensorError

  package init(
    limit: Int, ignored: Int? = nil, mistake: @escaping @Sendable (Int64) -> TensorError
  ) {
    (self.limit, self.ignored, self.mistake) = (limit, ignored, mistake)
  }
}

/// What random numbers are drawn from.
package enum Distribution: Sendable, Hashable {
  case uniform(lower: Double, upper: Double)
  case normal(mean: Double, deviation: Double)
  case integer(lower: Int, upper: Int)
  case bernoulli(probability: Double, value: Double)
}
