internal import CTrainingKernels

/// Numbers of a Bernoulli distribution that are drawn where they are multiplied with, and the same ones each time: a
/// place in a Philox stream in place of memory.
struct DeferredNumbers: Sendable {
  private let probability, value: Double
  private let start: tk_philox

  init(probability: Double, value: Double, from start: tk_philox) {
    (self.probability, self.value, self.start) = (probability, value, start)
  }

  /// The elements of `x` times a number each.
  func multiply(_ x: Tensor, into y: Tensor, on backend: any Backend) throws(DeviceFault) {
    try backend.dropout(x, probability: probability, value: value, start, into: y)
  }
}
