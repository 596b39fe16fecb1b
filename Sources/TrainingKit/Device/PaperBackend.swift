package import CTrainingKernels

/// A device without data: memory is accounted for as on the processor, nothing is computed, and every element reads as
/// zero.
package struct PaperBackend: Backend {
  package let pool = MemoryPool(source: .paper)
  package var isPaper: Bool { true }

  package init() {}

  package func unary(
    _ row: tk_unary, compute: tk_compute, _ parameters: [Double], _ x: Tensor, into y: Tensor
  ) {}
  package func unaryDerivative(
    _ row: tk_unary, order: Int, _ parameters: [Double], gradient: Tensor, x: Tensor, y: Tensor,
    into result: Tensor
  ) {}
  package func binary(
    _ row: tk_binary, compute: tk_compute, _ a: Tensor, _ b: Tensor, into y: Tensor
  ) {}
  package func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor) {}
  package func copy(_ x: Tensor, into y: Tensor) {}
  package func fill(_ value: some TensorScalar, into y: Tensor) {}
  package func range(start: Double, step: Double, into y: Tensor) {}

  package func reduce(_ row: tk_reduction, _ x: Tensor, axes: [Int], into y: Tensor) {}
  package func measure(
    _ x: Tensor, parts: Int, power: Double, scale: Double
  ) -> [ElementStatistics] {
    Array(repeating: ElementStatistics(), count: parts)
  }
  package func softmax(logarithm: Bool, _ x: Tensor, into y: Tensor) {}
  package func softmaxBackward(logarithm: Bool, gradient: Tensor, y: Tensor, into result: Tensor) {}
  package func cumulativeSum(_ x: Tensor, into y: Tensor) {}
  package func argsort(_ x: Tensor, descending: Bool, into order: Tensor) {}

  package func matmul(_ a: Tensor, _ b: Tensor, into c: Tensor) throws(NoRoom) {
    _ = try MatrixProduct(a, b, into: c).workspace(from: pool)
  }
  package func gather(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) {}
  package func scatterAdd(_ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor) {}
  package func unfold(
    _ window: tk_window, padding: Double, _ images: Tensor, into columns: Tensor
  ) {}
  package func fold(_ window: tk_window, _ columns: Tensor, into images: Tensor) {}

  package func random(_ distribution: Distribution, _ generator: tk_philox, into y: Tensor) {}
  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) {}
  package func update(
    _ row: tk_update, _ scalars: [Double], half weights: HalfWeights, gradient: Tensor,
    states: [Tensor]
  ) {}
}
