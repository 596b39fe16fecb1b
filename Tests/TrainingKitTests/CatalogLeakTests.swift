import TestSupport
import TrainingKit
import XCTest

/// What is done again and again holds no more memory than what was done twice. Release builds are tested too, as it was
/// the optimizer that once left what an operation had held.
final class CatalogLeakTests: XCTestCase {
  private func expectSteadyMemory(_ body: () -> Void) {
    for _ in 0..<2 { body() }
    let live = Device.cpu.memory.live
    for _ in 0..<3 { body() }
    let left = Device.cpu.memory.live - live
    expect(left == 0, "three more rounds hold \(left) bytes more")
  }

  /// Gradients of the first order, or of the second as well.
  private func differentiate(_ y: Tensor, _ inputs: [Tensor], twice: Bool = false) {
    let sources = inputs.filter(\.requiresGradient)
    guard y.requiresGradient else { return }
    let slopes = y.pullback(.ones(y.shape, dtype: y.dtype), to: sources, isRecorded: twice)
    let total = slopes.filter(\.requiresGradient).map { $0.sum() }
    if twice, let first = total.first {
      _ = total.dropFirst().reduce(first, +).gradients(for: sources)
    }
  }

  private func inputs(_ sample: OperationSample, _ dtype: DType) -> [Tensor] {
    sample.arguments.map { $0.dtype.isFloatingPoint ? $0.cast(to: dtype) : $0 }
  }

  private func withEverySample(_ body: (OperationSample) -> Void) {
    for sample in OperationCatalog.samples {
      withEvery("operation", in: ["\(sample.operation), \(sample.label)"]) { _ in body(sample) }
    }
  }

  func testNoOperationHoldsMemory() {
    withEvery("dtype", in: [DType.float64, .float32, .bfloat16]) { dtype in
      withEverySample { sample in
        let plain = inputs(sample, dtype)
        expectSteadyMemory { _ = sample.call(plain) }
        guard sample.isDifferentiable else { return }
        let tracked = plain.map { $0.dtype.isFloatingPoint ? $0.tracked() : $0 }
        expectSteadyMemory { differentiate(sample.call(tracked), tracked) }
        guard sample.isTwiceDifferentiable else { return }
        expectSteadyMemory { differentiate(sample.call(tracked), tracked, twice: true) }
      }
    }
  }

  func testNoOperationHoldsMemoryInAnAutocast() {
    withEverySample { sample in
      let tracked = inputs(sample, .float32).map { $0.dtype.isFloatingPoint ? $0.tracked() : $0 }
      expectSteadyMemory {
        let y = autocast(.bfloat16) { sample.call(tracked) }
        if sample.isDifferentiable { differentiate(y, tracked) }
      }
    }
  }

  func testNoLayerHoldsMemory() {
    for sample in LayerCatalog.all {
      let layer = sample.make()
      let x =
        sample.tokens.map { Tensor.randomIntegers(sample.shape, in: 0..<$0) }
        ?? .randomUniform(sample.shape)
      withEvery("layer", in: [sample.name]) { _ in
        expectSteadyMemory { _ = layer.gradients(of: layer(x).sum()) }
        layer.evaluate()
        expectSteadyMemory { _ = layer(x) }
      }
    }
  }

  func testNoLossHoldsMemory() {
    for sample in LossCatalog.all {
      let x = Tensor.randomUniform(sample.shape, in: sample.interval, dtype: .float64).tracked()
      withEvery("loss", in: [sample.name]) { _ in
        expectSteadyMemory {
          differentiate(sample(x, sample.targets, Reduction<Tensor>.mean), [x], twice: true)
        }
      }
    }
  }
}
