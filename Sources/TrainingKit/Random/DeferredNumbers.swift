internal import CTrainingKernels

/// Random numbers that are drawn when they are needed, and the same ones each time: a place in a Philox stream in
/// place of memory.
struct DeferredNumbers: Sendable {
  private let distribution: Distribution
  private let start: tk_philox

  init(_ distribution: Distribution, from start: tk_philox) {
    (self.distribution, self.start) = (distribution, start)
  }

  /// The numbers in a shape.
  func tensor(_ name: String, _ shape: Shape, _ dtype: DType) -> Tensor {
    Tensor.fresh(name, shape, dtype) { tensor, backend in
      backend.random(distribution, start, into: tensor)
    }
  }
}
