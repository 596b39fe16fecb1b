package import CTrainingKernels

/// A device without data: memory is accounted for as on the processor, nothing is computed, and every element reads as
/// zero.
package final class PaperBackend: Backend {
  package let pool = MemoryPool(source: .paper)
  /// In place of all files.
  package let filePool = MemoryPool(source: .paper)
  package var isPaper: Bool { true }
  package func pool(for file: MemoryPool) -> MemoryPool { filePool }
  private let counter = PaperCounter()

  /// What the kernels that were called would have done.
  package var work: PaperWork { counter.total }

  package init() {}

  package func unary(
    _ row: tk_unary, compute: tk_compute, _ parameters: [Double], _ x: Tensor, into y: Tensor
  ) {
    counter.pass(x, y)
  }
  package func unaryDerivative(
    _ row: tk_unary, order: Int, _ parameters: [Double], gradient: Tensor, x: Tensor, y: Tensor,
    into result: Tensor
  ) {
    counter.pass(gradient, x, result)
  }
  package func binary(
    _ row: tk_binary, compute: tk_compute, _ a: Tensor, _ b: Tensor, into y: Tensor
  ) {
    counter.pass(a, b, y)
  }
  package func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor) {
    counter.pass(condition, a, b, y)
  }
  package func copy(_ x: Tensor, into y: Tensor) {
    counter.pass(x, y)
  }
  package func fill(_ value: some TensorScalar, into y: Tensor) {
    counter.pass(y)
  }
  package func range(start: Double, step: Double, into y: Tensor) {
    counter.pass(y)
  }

  package func reduce(_ row: tk_reduction, _ x: Tensor, axes: [Int], into y: Tensor) {
    counter.pass(x, y)
  }
  package func measure(
    _ x: Tensor, parts: Int, power: Double, scale: Double
  ) -> [ElementStatistics] {
    counter.pass(x)
    return Array(repeating: ElementStatistics(), count: parts)
  }
  package func softmax(logarithm: Bool, _ x: Tensor, into y: Tensor) {
    counter.pass(x, y)
  }
  package func softmaxBackward(logarithm: Bool, gradient: Tensor, y: Tensor, into result: Tensor) {
    counter.pass(gradient, y, result)
  }
  package func surprise(_ x: Tensor, at labels: Tensor, into y: Tensor) {
    counter.pass(x, y)
  }
  package func surpriseBackward(
    _ x: Tensor, at labels: Tensor, gradient: Tensor, into result: Tensor
  ) {
    counter.pass(x, result)
  }
  package func squareDistances(_ x: Tensor, width: Int, into y: Tensor) {
    counter.pass(x, y)
  }
  package func standardize(
    _ x: Tensor, isCentered: Bool, epsilon: Double, weight: Tensor?, bias: Tensor?,
    into values: Tensor, _ roots: Tensor, _ y: Tensor?
  ) {
    if let y { counter.pass(x, values, y) } else { counter.pass(x, values) }
  }
  package func standardizeBackward(
    _ gradient: Tensor, isCentered: Bool, weight: Tensor?, values: Tensor, roots: Tensor,
    into result: Tensor?, _ toWeight: Tensor?, _ toBias: Tensor?, pieceLength: Int
  ) {
    if let result { counter.pass(gradient, values, result) } else { counter.pass(gradient, values) }
  }
  package func batchNorm(
    _ x: Tensor, epsilon: Double, weight: Tensor?, bias: Tensor?, into y: Tensor,
    _ statistics: ChannelStatistics
  ) {
    counter.pass(x, y)
  }
  package func batchNormBackward(
    _ gradient: Tensor, _ x: Tensor, _ statistics: ChannelStatistics, weight: Tensor?,
    into result: Tensor?,
    _ toWeight: Tensor?,
    _ toBias: Tensor?
  ) {
    if let result { counter.pass(gradient, x, result) } else { counter.pass(gradient, x) }
  }
  package func cumulativeSum(_ x: Tensor, into y: Tensor) {
    counter.pass(x, y)
  }
  package func argsort(_ x: Tensor, descending: Bool, into order: Tensor) {
    counter.pass(x, order)
  }

  package func matmul(_ a: Tensor, _ b: Tensor, into c: Tensor) throws(NoRoom) {
    counter.product(c.count * a.shape[-1], a.dtype)
    _ = try MatrixProduct(a, b, into: c).work.room(from: pool)
  }
  package func attention(_ heads: AttentionProduct, into y: Tensor) throws(NoRoom) {
    counter.product(heads.productCount, y.dtype)
    _ = try heads.work.room(from: pool)
  }
  package func attentionBackward(
    _ heads: AttentionProduct, gradient: Tensor, into results: [Tensor]
  ) throws(NoRoom) {
    counter.product(heads.productCount * 5 / 2, gradient.dtype)
    _ = try heads.backwardWork(gradient: gradient, into: results).room(from: pool)
  }
  package func gather(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) {
    counter.pass(y, y)
  }
  package func scatterAdd(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) {
    counter.pass(x, x)
  }
  package func convolve(_ work: ConvolutionWork) throws(NoRoom) {
    counter.product(work.productCount, work.dtype)
    _ = try work.work.room(from: pool)
  }
  package func unfold(
    _ window: tk_window, padding: Double, _ images: Tensor, into columns: Tensor
  ) {
    counter.pass(images, columns)
  }
  package func fold(_ window: tk_window, _ columns: Tensor, into images: Tensor) {
    counter.pass(columns, images)
  }

  package func random(_ distribution: Distribution, _ generator: tk_philox, into y: Tensor) {
    counter.pass(y)
  }
  package func dropout(
    _ x: Tensor, probability: Double, value: Double, _ generator: tk_philox, into y: Tensor
  ) {
    counter.pass(x, y)
  }
  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) {
    counter.update([parameter] + states, gradient)
  }
  package func update(
    _ row: tk_update, _ scalars: [Double], rounded weights: RoundedTensor, gradient: Tensor,
    states: [RoundedTensor]
  ) {
    counter.update([weights.elements] + states.map(\.elements), gradient)
    for operand in [weights] + states where operand.rounding == tk_round_stochastic {
      counter.draw(operand.elements.count)
    }
  }
}
