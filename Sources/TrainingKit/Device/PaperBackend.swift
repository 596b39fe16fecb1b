package import CTrainingKernels

/// A device without data: memory is accounted for as on the processor, nothing is computed, and every element reads as
/// zero.
package final class PaperBackend: Backend {
  package let pool = MemoryPool(source: .paper)
  /// In place of all files.
  package let filePool = MemoryPool(source: .paper)
  package var isPaper: Bool { true }
  package var deviceNumber: Int? { nil }
  package func write(into y: Tensor, _ body: (UnsafeMutableRawPointer) -> Void) {}
  package func read(_ x: Tensor, into target: UnsafeMutableRawPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: x.form.byteCount)
  }
  package func pool(for file: MemoryPool) -> MemoryPool { filePool }
  private let counter = PaperCounter()
  /// What takes the room that a GPU's kernels would take; nil for the processor.
  private let gpu: CUDABackend?

  /// What the kernels that were called would have done.
  package var work: PaperWork { counter.total }

  /// The paper of a device.
  package init(for backend: any Backend = CPUBackend.shared) {
    gpu = (backend as? CUDABackend)?.onPaper(in: pool)
  }

  package func unary(
    _ row: tk_unary, compute: tk_compute, _ parameters: [Double], _ x: Tensor, into y: Tensor
  ) throws(DeviceFault) {
    try gpu?.unary(row, compute: compute, parameters, x, into: y)
    counter.pass(x, y)
  }
  package func unaryDerivative(
    _ row: tk_unary, order: Int, _ parameters: [Double], gradient: Tensor, x: Tensor, y: Tensor,
    into result: Tensor
  ) throws(DeviceFault) {
    try gpu?.unaryDerivative(
      row, order: order, parameters, gradient: gradient, x: x, y: y, into: result)
    counter.pass(gradient, x, result)
  }
  package func binary(
    _ row: tk_binary, compute: tk_compute, _ a: Tensor, _ b: Tensor, into y: Tensor
  ) throws(DeviceFault) {
    try gpu?.binary(row, compute: compute, a, b, into: y)
    counter.pass(a, b, y)
  }
  package func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor)
    throws(DeviceFault)
  {
    try gpu?.select(condition, a, b, into: y)
    counter.pass(condition, a, b, y)
  }
  package func copy(_ x: Tensor, into y: Tensor) throws(DeviceFault) {
    try gpu?.copy(x, into: y)
    counter.pass(x, y)
  }
  package func fill(_ value: some TensorScalar, into y: Tensor) throws(DeviceFault) {
    try gpu?.fill(value, into: y)
    counter.pass(y)
  }
  package func range(start: Double, step: Double, into y: Tensor) throws(DeviceFault) {
    try gpu?.range(start: start, step: step, into: y)
    counter.pass(y)
  }

  package func reduce(_ row: tk_reduction, _ x: Tensor, axes: [Int], into y: Tensor)
    throws(DeviceFault)
  {
    try gpu?.reduce(row, x, axes: axes, into: y)
    counter.pass(x, y)
  }
  package func measure(
    _ x: Tensor, parts: Int, power: Double, scale: Double
  ) throws(DeviceFault) -> [ElementStatistics] {
    counter.pass(x)
    _ = try gpu?.measure(x, parts: parts, power: power, scale: scale)
    return Array(repeating: ElementStatistics(), count: parts)
  }
  package func measure(each tensors: [Tensor]) throws(DeviceFault) -> [ElementStatistics] {
    tensors.forEach { counter.pass($0) }
    _ = try gpu?.measure(each: tensors)
    return tensors.map { _ in ElementStatistics() }
  }
  package func softmax(logarithm: Bool, _ x: Tensor, into y: Tensor) throws(DeviceFault) {
    try gpu?.softmax(logarithm: logarithm, x, into: y)
    counter.pass(x, y)
  }
  package func softmaxBackward(logarithm: Bool, gradient: Tensor, y: Tensor, into result: Tensor)
    throws(DeviceFault)
  {
    try gpu?.softmaxBackward(logarithm: logarithm, gradient: gradient, y: y, into: result)
    counter.pass(gradient, y, result)
  }
  package func surprise(_ x: Tensor, at labels: Tensor, into y: Tensor) throws(DeviceFault) {
    try gpu?.surprise(x, at: labels, into: y)
    counter.pass(x, y)
  }
  package func surpriseBackward(
    _ x: Tensor, at labels: Tensor, gradient: Tensor, into result: Tensor
  ) throws(DeviceFault) {
    try gpu?.surpriseBackward(x, at: labels, gradient: gradient, into: result)
    counter.pass(x, result)
  }
  package func squareDistances(_ x: Tensor, width: Int, into y: Tensor) throws(DeviceFault) {
    try gpu?.squareDistances(x, width: width, into: y)
    counter.pass(x, y)
  }
  package func standardize(
    _ x: Tensor, isCentered: Bool, epsilon: Double, weight: Tensor?, bias: Tensor?,
    into values: Tensor, _ roots: Tensor, _ y: Tensor?
  ) throws(DeviceFault) {
    try gpu?.standardize(
      x, isCentered: isCentered, epsilon: epsilon, weight: weight, bias: bias, into: values, roots,
      y)
    if let y { counter.pass(x, values, y) } else { counter.pass(x, values) }
  }
  package func standardizeBackward(
    _ gradient: Tensor, isCentered: Bool, weight: Tensor?, values: Tensor, roots: Tensor,
    into result: Tensor?, _ toWeight: Tensor?, _ toBias: Tensor?, pieceLength: Int
  ) throws(DeviceFault) {
    try gpu?.standardizeBackward(
      gradient, isCentered: isCentered, weight: weight, values: values, roots: roots, into: result,
      toWeight, toBias, pieceLength: pieceLength)
    if let result { counter.pass(gradient, values, result) } else { counter.pass(gradient, values) }
  }
  package func batchNorm(
    _ x: Tensor, epsilon: Double, weight: Tensor?, bias: Tensor?, into y: Tensor,
    _ statistics: ChannelStatistics
  ) throws(DeviceFault) {
    try gpu?.batchNorm(x, epsilon: epsilon, weight: weight, bias: bias, into: y, statistics)
    counter.pass(x, y)
  }
  package func batchNormBackward(
    _ gradient: Tensor, _ x: Tensor, _ statistics: ChannelStatistics, weight: Tensor?,
    into result: Tensor?,
    _ toWeight: Tensor?,
    _ toBias: Tensor?
  ) throws(DeviceFault) {
    try gpu?.batchNormBackward(
      gradient, x, statistics, weight: weight, into: result, toWeight, toBias)
    if let result { counter.pass(gradient, x, result) } else { counter.pass(gradient, x) }
  }
  package func cumulativeSum(_ x: Tensor, into y: Tensor) throws(DeviceFault) {
    try gpu?.cumulativeSum(x, into: y)
    counter.pass(x, y)
  }
  package func argsort(_ x: Tensor, descending: Bool, into order: Tensor) throws(DeviceFault) {
    try gpu?.argsort(x, descending: descending, into: order)
    counter.pass(x, order)
  }

  package func matmul(_ a: Tensor, _ b: Tensor, into c: Tensor) throws(DeviceFault) {
    counter.product(c.count * a.shape[-1], a.dtype)
    if let gpu { return try gpu.matmul(a, b, into: c) }
    _ = try MatrixProduct(a, b, into: c).work.room(from: pool)
  }
  package func attention(_ heads: AttentionProduct, into y: Tensor) throws(DeviceFault) {
    counter.product(heads.productCount, y.dtype)
    if let gpu { return try gpu.attention(heads, into: y) }
    _ = try heads.work.room(from: pool)
  }
  package func attentionBackward(
    _ heads: AttentionProduct, gradient: Tensor, into results: [Tensor]
  ) throws(DeviceFault) {
    counter.product(heads.productCount * 5 / 2, gradient.dtype)
    if let gpu { return try gpu.attentionBackward(heads, gradient: gradient, into: results) }
    _ = try heads.backwardWork(gradient: gradient, into: results).room(from: pool)
  }
  package var computesAside: Bool { gpu != nil }
  package func check(_ indices: Tensor, _ rule: IndexRule) -> TensorError? { nil }
  package func gather(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor)
    throws(DeviceFault)
  {
    try gpu?.gather(x, axis: axis, index, into: y)
    counter.pass(y, y)
  }
  package func scatterAdd(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor)
    throws(DeviceFault)
  {
    try gpu?.scatterAdd(x, axis: axis, index, into: y)
    counter.pass(x, x)
  }
  package func convolve(_ work: ConvolutionWork) throws(DeviceFault) {
    counter.product(work.productCount, work.dtype)
    if let gpu { return try gpu.convolve(work) }
    _ = try work.work.room(from: pool)
  }
  package func unfold(
    _ window: tk_window, padding: Double, _ images: Tensor, into columns: Tensor
  ) throws(DeviceFault) {
    try gpu?.unfold(window, padding: padding, images, into: columns)
    counter.pass(images, columns)
  }
  package func fold(_ window: tk_window, _ columns: Tensor, into images: Tensor) throws(DeviceFault)
  {
    try gpu?.fold(window, columns, into: images)
    counter.pass(columns, images)
  }

  package func random(_ distribution: Distribution, _ generator: tk_philox, into y: Tensor)
    throws(DeviceFault)
  {
    try gpu?.random(distribution, generator, into: y)
    counter.pass(y)
  }
  package func dropout(
    _ x: Tensor, probability: Double, value: Double, _ generator: tk_philox, into y: Tensor
  ) throws(DeviceFault) {
    try gpu?.dropout(x, probability: probability, value: value, generator, into: y)
    counter.pass(x, y)
  }
  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) throws(DeviceFault) {
    try update([
      .plain(row, scalars, parameter: parameter, gradient: gradient, states: states)
    ])
  }
  package func update(
    _ row: tk_update, _ scalars: [Double], rounded weights: RoundedTensor, gradient: Tensor,
    states: [RoundedTensor]
  ) throws(DeviceFault) {
    try update([.rounded(row, scalars, weights: weights, gradient: gradient, states: states)])
  }
  package var updatesTogether: Bool { gpu?.updatesTogether ?? false }
  package func update(_ updates: [ParameterUpdate]) throws(DeviceFault) {
    try gpu?.update(updates)
    updates.forEach(counter.update)
  }
}
