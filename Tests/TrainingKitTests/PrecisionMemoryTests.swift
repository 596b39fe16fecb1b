import TestSupport
import TrainingKit
import XCTest

/// Training in 16 bits takes little more than half the memory.
final class PrecisionMemoryTests: XCTestCase {
  /// Workspace grows with the threads.
  override func invokeTest() { withThreads(2) { super.invokeTest() } }

  private let batch = 32
  private let context = 128
  private let vocabulary = 256

  /// The most bytes in use during the second step, with weights and moments.
  private func peak(_ precision: Precision) -> Int {
    let model = GPT(
      vocabulary: vocabulary, context: context, features: 64, heads: 4, layers: 4)
    var optimizer = AdamW()
    let tokens = Tensor.randomIntegers([batch, context + 1], in: 0..<vocabulary)
    let (x, y) = (tokens[.all, ..<context].contiguous(), tokens[.all, 1...].flattened())
    let before = Device.cpu.memory.live
    for _ in 0..<2 {
      Device.cpu.resetPeakMemory()
      let gradients = autocast(precision.autocastType) {
        model.valueAndGradients(scaledBy: precision.scaler) {
          crossEntropy($0(x).reshaped([-1, vocabulary]), y)
        }.gradients
      }
      guard let gradients = gradients.unscaled().gradients else { continue }
      optimizer.update(model, with: gradients, learningRate: 1e-3)
    }
    withExtendedLifetime((model, optimizer)) {}
    return Device.cpu.memory.peak - before + model.parameterCount * 4
  }

  func testTheLiveBytesOfAGPTFallByFortyPercent() {
    let full = Double(peak(.full))
    for precision in [Precision.mixed(.bfloat16), .mixed(.float16)] {
      let share = Double(peak(precision)) / full
      print("GPT, batch \(batch): \(precision.autocastType!) takes \(share) of \(full) bytes")
      XCTAssertLessThan(share, 0.6)
    }
  }
}
