import Foundation
import TrainingKit
import XCTest

#if os(Linux)
  /// What the pool counts is what the process takes. It stands outside of the suites that run under sanitizers, whose
  /// own memory grows along.
  final class ProcessMemoryTests: XCTestCase {
    private func residentBytes() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      let pages = try XCTUnwrap(Int(text.split(separator: " ")[1]))
      return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private var held: Int { Device.cpu.memory.live + Device.cpu.memory.cached }

    private func assertCounted<Model: Module>(
      _ name: String, _ model: Model, _ precision: Precision, _ loss: (Model) -> Tensor
    ) throws {
      Device.cpu.trimMemory()
      let (before, heldBefore) = try (residentBytes(), held)
      var run = TrainingRun(
        model: model, optimizer: AdamW(), schedule: .constant(1e-3), precision: precision)
      XCTAssertTrue(try run.step(loss).isApplied)
      let (grown, counted) = try (residentBytes() - before, held - heldBefore)
      print("\(name): the process grew by \(grown) bytes, the pool by \(counted)")
      XCTAssertGreaterThan(counted, 500_000_000, name)
      XCTAssertEqual(Double(grown), Double(counted), accuracy: 0.05 * Double(counted), name)
    }

    func testAGPTTakesWhatThePoolCounts() throws {
      for (precision, batch) in [(Precision.full, 1600), (.mixed(.bfloat16), 2720)] {
        let tokens = Tensor.randomIntegers([batch, 64], in: 0..<64)
        let model = GPT(vocabulary: 64, context: 64, features: 32, heads: 2, layers: 3)
        try assertCounted("GPT", model, precision) { causalLanguageModelLoss($0(tokens), tokens) }
      }
    }

    func testAPerceptronTakesWhatThePoolCounts() throws {
      let model = Sequential {
        Linear(1024, 8192)
        ReLU()
        Linear(8192, 4096)
        ReLU()
        Linear(4096, 10)
      }
      let (x, y) = (Tensor.randomNormal([64, 1024]), Tensor.randomIntegers([64], in: 0..<10))
      try assertCounted("perceptron", model, .full) { crossEntropy($0(x), y) }
    }
  }
#endif
