import Foundation
import TestSupport
import TrainingKit
import XCTest

/// What a run needs beside kernels: checkpoints and data.
final class DeviceRunTests: XCTestCase {
  func testACheckpointGoesFromOneDeviceToTheOther() throws {
    let path = NSTemporaryDirectory() + "cuda-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    func run() -> TrainingRun<Sequential> {
      withRandomGenerator(RandomGenerator(seed: 1)) {
        TrainingRun(
          model: Sequential {
            Linear(8, 6)
            Tanh()
            Linear(6, 3)
          }, optimizer: Adam(), schedule: .constant(1e-2))
      }
    }
    func train(_ run: inout TrainingRun<Sequential>, steps: Int) throws -> [Double] {
      let x = RandomGenerator(seed: 2).normal([10, 8])
      return try (0..<steps).map { _ in try run.step { $0(x).square().mean() }.report.loss }
    }
    try FakeGPU().installed {
      for (source, target) in [(Device.cpu, Device.cuda(0)), (.cuda(0), .cpu)] {
        let expected = try withDevice(source) {
          var first = run()
          _ = try train(&first, steps: 3)
          try first.save(to: path)
          return try train(&first, steps: 3)
        }
        let got = try withDevice(target) {
          var second = run()
          try second.load(from: path)
          return try train(&second, steps: 3)
        }
        for (got, expected) in zip(got, expected) {
          expect(abs(got - expected) <= 1e-5 * expected, "\(got), expected \(expected)")
        }
      }
    }
  }

  func testALoaderGivesBatchesOnTheDevice() throws {
    let data = TensorDataset(
      inputs: Tensor.range(0, 12, dtype: .float32).reshaped([6, 2]), labels: Tensor.range(0, 6))
    try FakeGPU().run {
      for prefetch in [0, 2] {
        let loader = DataLoader(data, batchSize: 4, prefetch: prefetch)
        let batches = Array(loader)
        XCTAssertEqual(batches.map(\.x.device), [.cuda(0), .cuda(0)])
        XCTAssertEqual(batches[0].x.elements(Float.self), [0, 1, 2, 3, 4, 5, 6, 7])
        XCTAssertEqual(batches[1].y.elements(Int.self), [4, 5])
      }
    }
  }

  /// What lies on another device is never given to a kernel: a sentence says so.
  func testWhatLiesElsewhereIsRefused() throws {
    try FakeGPU().installed {
      let (tokens, mask) = (Tensor([0, 2]), Tensor.ones([1, 1, 2, 2], dtype: .bool))
      let heads = Tensor.ones([1, 1, 2, 4])
      let mistakes: [(String, () -> Tensor)] = [
        ("gather of tokens", { Tensor.ones([3, 2]).taking(tokens) }),
        ("embedding", { Tensor.ones([3, 2]).embedding(tokens) }),
        (
          "mask",
          {
            let x = heads.to(.cuda(0))
            return scaledDotProductAttention(query: x, key: x, value: x, mask: mask)
          }
        ),
      ]
      for (name, call) in mistakes {
        XCTAssertThrowsError(try validated { try withDevice(.cuda(0)) { call() } }, name) {
          XCTAssertEqual(($0 as? TensorError)?.kind, .device, "\(name): \($0)")
        }
      }
      let onGPU = tokens.to(.cuda(0))
      XCTAssertThrowsError(try validated { Tensor.ones([3, 2]).taking(onGPU) }) {
        XCTAssertEqual(($0 as? TensorError)?.kind, .device, "\($0)")
      }
    }
  }

  func testAMoveBetweenStepsTakesTheStatesAlong() throws {
    try FakeGPU().installed {
      func losses(movingAfter step: Int?) throws -> [Double] {
        try withRandomGenerator(RandomGenerator(seed: 1)) {
          var run = TrainingRun(
            model: Linear(8, 3), optimizer: Adam(), schedule: .constant(1e-2))
          let x = RandomGenerator(seed: 2).normal([10, 8])
          return try (0..<4).map { number in
            let device: Device = step.map { number >= $0 } ?? false ? .cuda(0) : .cpu
            if number == step { run.model.move(to: device) }
            return try withDevice(device) {
              let x = x.to(device)
              return try run.step { $0(x).square().mean() }.report.loss
            }
          }
        }
      }
      let expected = try losses(movingAfter: nil)
      for (got, expected) in zip(try losses(movingAfter: 2), expected) {
        XCTAssertEqual(got, expected, accuracy: 1e-5 * expected)
      }
    }
  }
}
