import TestSupport
import TrainingKit
import XCTest

/// What is done again and again, with new inputs each time, holds no more memory than what was done twice. Release builds
/// are tested too, as it was the optimizer that once left what an operation had held.
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

  /// New ones in each call: what is held alone shows where something takes its place.
  private func inputs(
    _ sample: OperationSample, _ dtype: DType, tracked: Bool = true
  ) -> [Tensor] {
    sample.arguments.map {
      guard $0.dtype.isFloatingPoint else { return $0 }
      return tracked ? $0.cast(to: dtype).tracked() : $0.cast(to: dtype)
    }
  }

  private func withEverySample(_ body: (OperationSample) -> Void) {
    for sample in OperationCatalog.samples {
      withEvery("operation", in: ["\(sample.operation), \(sample.label)"]) { _ in body(sample) }
    }
  }

  func testNoOperationHoldsMemory() {
    withEvery("dtype", in: [DType.float64, .float32, .bfloat16]) { dtype in
      withEverySample { sample in
        expectSteadyMemory { _ = sample.call(inputs(sample, dtype, tracked: false)) }
        guard sample.isDifferentiable else { return }
        for twice in [false, true] where sample.isTwiceDifferentiable || !twice {
          expectSteadyMemory {
            let x = inputs(sample, dtype)
            differentiate(sample.call(x), x, twice: twice)
          }
        }
      }
    }
  }

  func testNoOperationHoldsMemoryInAnAutocast() {
    withEverySample { sample in
      expectSteadyMemory {
        let x = inputs(sample, .float32)
        let y = autocast(.bfloat16) { sample.call(x) }
        if sample.isDifferentiable { differentiate(y, x) }
      }
    }
  }

  func testNoLayerHoldsMemory() {
    for sample in LayerCatalog.all {
      let x =
        sample.tokens.map { Tensor.randomIntegers(sample.shape, in: 0..<$0) }
        ?? .randomUniform(sample.shape)
      withEvery("layer", in: [sample.name]) { _ in
        expectSteadyMemory {
          let layer = sample.make()
          _ = layer.gradients(of: layer(x).sum())
          layer.evaluate()
          _ = layer(x)
        }
      }
    }
  }

  func testNoLossHoldsMemory() {
    for sample in LossCatalog.all {
      withEvery("loss", in: [sample.name]) { _ in
        expectSteadyMemory {
          let x = Tensor.randomUniform(sample.shape, in: sample.interval, dtype: .float64).tracked()
          let targets = sample.targets.copied()
          differentiate(sample(x, targets, Reduction<Tensor>.mean), [x], twice: true)
        }
      }
    }
  }
}
