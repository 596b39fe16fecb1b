import Foundation
import TrainingKit
import XCTest

/// Every request for memory fails once: the error is the typed one, nothing leaks, nothing has changed, and the next
/// step succeeds.
final class MemoryFailureTests: XCTestCase {
  /// All that a step may move.
  private struct Trace: Equatable {
    let tensors: [String: [Double]]
    let counters: [Int]
    let random: RandomState
    let scale: Double?

    init(_ run: TrainingRun<some Module>) {
      let groups = [
        ("weights", run.model.state()), ("optimizer", run.optimizer.state()),
        ("average", run.average?.state() ?? [:]), ("smoothing", run.smoothing?.state() ?? [:]),
      ]
      tensors = groups.reduce(into: [:]) { all, group in
        for (path, tensor) in group.1 { all["\(group.0).\(path)"] = tensor.elements() }
      }
      counters = [run.steps, run.updates, run.skipsInARow, run.average?.steps ?? 0]
      random = (run.generator ?? .current).state
      scale = run.precision.scaler?.scale
    }
  }

  /// Fails the n-th request of `body` for every n, and gives how many there are; those in the file on another run.
  private func failEveryRequest<Model: Module>(
    of run: inout TrainingRun<Model>, _ name: String,
    _ body: (inout TrainingRun<Model>) throws -> Void
  ) throws -> Int {
    var count = 0
    if let file = run.stateFile {
      var other = run
      let snapshot = run.snapshot()
      count = try failEveryRequest(of: &other, file.pool, name, body)
      XCTAssertGreaterThan(count, 0, name)
      try run.restore(snapshot)
    }
    return try count + failEveryRequest(of: &run, Device.cpu.backend.pool, name, body)
  }

  private func failEveryRequest<Model: Module>(
    of run: inout TrainingRun<Model>, _ pool: MemoryPool, _ name: String,
    _ body: (inout TrainingRun<Model>) throws -> Void
  ) throws -> Int {
    var most = 0
    for request in 1... {
      let (trace, live) = (Trace(run), Device.cpu.memory.live)
      pool.failRequest(after: request)
      defer { pool.failRequest(after: nil) }
      do {
        try body(&run)
        // What a failed attempt may have kept is memory of its own for what was shared, which the step needs.
        XCTAssertLessThanOrEqual(most, max(live, Device.cpu.memory.live), "\(name): leaks")
        return request - 1
      } catch {
        pool.failRequest(after: nil)
        guard error is DeviceError || error is CheckpointError else { throw error }
        XCTAssertTrue("\(error)".contains("memory"), "\(error)")
      }
      most = max(most, Device.cpu.memory.live)
      let after = Trace(run)
      guard after == trace else {
        let moved = after.tensors.filter { trace.tensors[$0.key] != $0.value }.keys.sorted()
        XCTFail("\(name): request \(request) of \(Set(moved).prefix(5)) changed the run")
        return request
      }
    }
    return 0
  }

  private func check(_ subject: MemorySubject, _ options: MemorySubject.Options, _ name: String)
    throws -> Int
  {
    try subject.visit(options, Visitor(test: self, name: "\(subject.name), \(name)"))
  }

  private struct Visitor: MemorySubjectVisitor {
    let test: MemoryFailureTests
    let name: String

    func visit<Model: Module>(
      _ run: inout TrainingRun<Model>,
      step: (inout TrainingRun<Model>) throws -> StepOutcome
    ) throws -> Int {
      var count = 0
      for number in 0..<2 {
        count += try test.failEveryRequest(of: &run, "\(name), step \(number)") { run in
          let outcome = try step(&run)
          XCTAssertTrue(outcome.isApplied, "\(name): \(outcome)")
        }
      }
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "\(UUID().uuidString).safetensors")
      defer { try? FileManager.default.removeItem(at: folder) }
      count += try test.failEveryRequest(of: &run, "\(name), checkpoint") { run in
        let checkpoint = try run.checkpoint()
        try checkpoint.write(to: folder.path)
        try run.restore(Checkpoint(contentsOf: folder.path))
      }
      return count
    }
  }

  func testEveryRequestOfAStepAndOfACheckpointFailsOnce() throws {
    var count = 0
    for subject in [MemorySubject.perceptron, .gpt, .recurrent] {
      count += try check(subject, .init(), "plain")
      count += try check(
        subject,
        .init(
          precision: .mixed(.float16, scaler: .fixed(64)), parts: 2,
          smoothing: GradientSmoothing(), average: .exponential(decay: 0.9)), "all")
    }
    count += try check(
      .perceptron, .init(average: .exponential(decay: 0.9), weights: .bfloat16), "halves")
    for optimizer in [AdamW(), LAMB(), StableAdamW(), Adafactor(), Muon()] as [any Optimizer] {
      for state in [StateType.full, .bfloat16(seed: 1)] {
        count += try check(
          .perceptron, .init(optimizer: optimizer, state: state), "\(type(of: optimizer)) \(state)")
      }
    }
    count += try check(
      .perceptron, .init(weights: .bfloat16, state: .bfloat16(seed: 1)), "halves of halves")
    let folder = FileManager.default.temporaryDirectory.path
    for optimizer in [AdamW(), Adafactor(), Muon()] as [any Optimizer] {
      for state in [StateType.full, .bfloat16(seed: 1)] {
        let file = try StateFile(in: folder)
        count += try check(
          .perceptron, .init(optimizer: optimizer, state: state, stateFile: file),
          "\(type(of: optimizer)) \(state) in a file")
      }
    }
    print("memory failures: \(count) requests failed once")
  }
}
