import FakeCUDA
import TestSupport
import TrainingKit
import XCTest

/// A step waits for its device where it needs a number: the loss, and what was found in the gradients. Mistakes that
/// the device finds on its way are reported there.
final class WaitTests: XCTestCase {
  private func waits(of gpu: FakeGPU) -> Int {
    gpu.calls("cuStreamSynchronize") + gpu.calls("cuEventSynchronize")
  }

  /// How often a step waits, once all kernels are there.
  private func waitsOfAStep<Model: Module>(
    _ model: @escaping () -> Model, _ loss: @escaping (Model) -> Tensor
  ) throws -> Int {
    let gpu = FakeGPU()
    return try gpu.run {
      var run = TrainingRun(
        model: model(), optimizer: AdamW(), schedule: .constant(0.1), clipping: .globalNorm(1))
      _ = try run.step(loss)
      let before = waits(of: gpu)
      for _ in 0..<3 { _ = try run.step(loss) }
      return (waits(of: gpu) - before) / 3
    }
  }

  func testAClassifierWaitsTwice() throws {
    let count = try waitsOfAStep({ Linear(5, 3) }) {
      crossEntropy($0(Tensor.ones([4, 5])), Tensor([0, 1, 2, -100]))
    }
    XCTAssertEqual(count, 2)
  }

  func testALanguageModelWaitsTwice() throws {
    let count = try waitsOfAStep({
      GPT(GPT.Configuration(vocabulary: 7, context: 6, features: 8, heads: 2, layers: 1))
    }) {
      let tokens = Tensor([[1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 0, 1]])
      return causalLanguageModelLoss($0(tokens), tokens)
    }
    XCTAssertEqual(count, 2)
  }

  func testMistakesAreThoseOfTheProcessor() throws {
    func message(_ call: @escaping () -> Tensor, on device: Device) -> String? {
      do {
        _ = try validated { try withDevice(device) { call() } }
        return nil
      } catch { return "\(error)" }
    }
    let losses: [(String, () -> Tensor)] = [
      ("a label", { crossEntropy(.zeros([3, 4]), Tensor([1, 4, 5])) }),
      ("a label below", { crossEntropy(.zeros([3, 4]), Tensor([1, -100, -1])) }),
      (
        "a label of halves",
        { crossEntropy(.zeros([2, 4], dtype: .float16), Tensor([1, 9]), labelSmoothing: 0.1) }
      ),
      ("a token", { causalLanguageModelLoss(.zeros([1, 3, 4]), Tensor([[0, 7, 1]])) }),
    ]
    let calls = OperationCatalog.mistakes.map { ("\($0.operation): \($0.label)", $0.call) } + losses
    try FakeGPU().installed {
      for (name, call) in calls {
        let expected = try XCTUnwrap(message(call, on: .cpu), name)
        XCTAssertEqual(message(call, on: .cuda(0)), expected, name)
      }
    }
  }

  /// The scope that made a mistake throws it, and nobody else meets it again.
  func testTheScopeOfAMistakeThrowsIt() throws {
    try FakeGPU().run {
      let table = Tensor.ones([3, 2])
      XCTAssertThrowsError(try validated { table.embedding(Tensor([1, 3])) })
      XCTAssertEqual(try validated { table.embedding(Tensor([1, 2])).sum().item() }, 4)
      XCTAssertThrowsError(
        try validated {
          try withDevice(.cpu) {}
          return table.embedding(Tensor([-1])).sum().item()
        })
      XCTAssertEqual(table.sum().item(), 6)
    }
  }

  func testAMistakeSaysWhichModuleMadeIt() throws {
    let model = {
      Sequential {
        Embedding(3, 2); Linear(2, 2)
      }
    }
    func message(on device: Device) throws -> String {
      var message = ""
      try withDevice(device) {
        var run = TrainingRun(model: model(), optimizer: SGD(), schedule: .constant(1))
        let before = run.model.parameters.map { $0.parameter.value.elements(Float.self) }
        XCTAssertThrowsError(try run.step { $0(Tensor([[1, 5]])).sum() }) { message = "\($0)" }
        XCTAssertEqual(
          run.model.parameters.map { $0.parameter.value.elements(Float.self) }, before)
        XCTAssertEqual(run.steps, 0)
      }
      return message
    }
    try FakeGPU().installed {
      let expected = try message(on: .cpu)
      XCTAssertTrue(expected.contains("got 5"), expected)
      XCTAssertEqual(try message(on: .cuda(0)), expected)
    }
  }

  /// More checks than there are places for their findings, none of which is waited for by its own.
  func testManyChecksAreLookedAt() throws {
    let gpu = FakeGPU()
    fake_cuda_defer(gpu.machine)
    try gpu.run {
      let table = Tensor.ones([3, 2])
      let good = Tensor([1]), bad = Tensor([4])
      for place in [0, 255, 256, 300] {
        XCTAssertThrowsError(
          try validated {
            for each in 0..<301 { _ = table.taking(each == place ? bad : good) }
          }, "\(place)")
      }
      XCTAssertNoThrow(try validated { for _ in 0..<1000 { _ = table.taking(good) } })
    }
  }

  /// Whatever the indices, kernels read and write where they may.
  func testKernelsLeaveOutWhatIsOutside() throws {
    try FakeGPU().run {
      let backend = try Device.current.opened()
      let indices = Tensor((0..<64).map { $0 % 3 == 0 ? ($0 % 2 == 0 ? -5 : 1 << 40) : $0 % 4 })
      let list = IndexView(
        indices, outer: 1, count: 64, inner: 2, outerStride: 0, axisStride: 1, innerStride: 0)
      let x = Tensor.ones([4, 2]), y = Tensor.zeros([64, 2])
      try backend.gather(x, axis: 0, list, into: y)
      XCTAssertEqual(
        y.elements(Float.self), (0..<128).map { $0 / 2 % 3 == 0 ? 0 : 1 })
      let inside = (0..<4).map { row in
        Float((0..<64).count { $0 % 3 != 0 && $0 % 4 == row })
      }
      let expected = inside.flatMap { [$0, $0] }
      // By columns, by warps, and sorted.
      for (count, isOneList) in [(16, true), (64, false), (64, true)] {
        let sums = Tensor.zeros([4, 2])
        let own = indices[..<count]
        let view = IndexView(
          isOneList ? own : own.expandedDimensions(axis: 1).broadcast(to: [count, 2]).contiguous(),
          outer: 1, count: count, inner: 2, outerStride: 0, axisStride: isOneList ? 1 : 2,
          innerStride: isOneList ? 0 : 1)
        try backend.scatterAdd(Tensor.ones([count, 2]), axis: 0, view, into: sums)
        let found = sums.elements(Float.self)
        if count == 64 {
          XCTAssertEqual(found, expected)
        } else {
          XCTAssertEqual(found.reduce(0, +), Float(2 * (0..<16).count { $0 % 3 != 0 }))
        }
      }
    }
  }
}
