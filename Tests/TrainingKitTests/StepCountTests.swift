import TestSupport
import TrainingKit
import XCTest

/// What one step of a small job takes, counted where it would be done: a change is seen, whatever the machine's speed.
/// Fewer are good news, to be written down here; more need a reason.
final class StepCountTests: XCTestCase {
  private struct Counts: Equatable, CustomStringConvertible {
    /// Nodes of the graph, calls of kernels, blocks of memory, and kilobytes that kernels read and write.
    var nodes, calls, blocks, kilobytes: Int

    var description: String {
      "nodes: \(nodes), calls: \(calls), blocks: \(blocks), kilobytes: \(kilobytes)"
    }
  }

  /// The nodes that a step records.
  private struct Nodes: MemorySubjectVisitor {
    func visit<Model: Module>(
      _ run: inout TrainingRun<Model>, step: (inout TrainingRun<Model>) throws -> StepOutcome
    ) throws -> Int {
      var nodes: [Node] = []
      _ = try observing(
        run.model, with: { nodes += $0.outputs.compactMap { $0.origin as? Node } },
        { try step(&run) })
      return Set(nodes.map { ObjectIdentifier($0) }).count
    }
  }

  private struct Steps: MemorySubjectVisitor {
    let count: Int

    func visit<Model: Module>(
      _ run: inout TrainingRun<Model>, step: (inout TrainingRun<Model>) throws -> StepOutcome
    ) throws -> Int {
      for _ in 0..<count { _ = try step(&run) }
      return count
    }
  }

  /// The third step: what the first and the second set up is there.
  private func counts(_ subject: MemorySubject, _ precision: Precision) throws -> Counts {
    let options = MemorySubject.Options(precision: precision)
    func plan(_ steps: Int) throws -> MemoryPlan {
      try MemoryPlan { _ = try subject.visit(options, Steps(count: steps)) }
    }
    let (two, three) = try withThreads(2) { (try plan(2), try plan(3)) }
    func bytes(_ plan: MemoryPlan) -> Int { plan.work.bytes + plan.work.updateBytes }
    return Counts(
      nodes: try subject.visit(options, Nodes()),
      calls: three.work.calls - two.work.calls,
      blocks: three.timeline.spans.count - two.timeline.spans.count,
      kilobytes: (bytes(three) - bytes(two)) / 1000)
  }

  func testAStepTakesWhatItDid() throws {
    let known: [String: Counts] = [
      "perceptron float32": Counts(nodes: 21, calls: 59, blocks: 69, kilobytes: 749),
      "perceptron bfloat16": Counts(nodes: 25, calls: 68, blocks: 82, kilobytes: 667),
      "convolutional float32": Counts(nodes: 17, calls: 74, blocks: 88, kilobytes: 536),
      "convolutional bfloat16": Counts(nodes: 23, calls: 89, blocks: 109, kilobytes: 471),
      "GPT float32": Counts(nodes: 120, calls: 225, blocks: 240, kilobytes: 6451),
      "GPT bfloat16": Counts(nodes: 142, calls: 271, blocks: 301, kilobytes: 4636),
      "BERT float32": Counts(nodes: 127, calls: 245, blocks: 249, kilobytes: 6692),
      "BERT bfloat16": Counts(nodes: 153, calls: 299, blocks: 323, kilobytes: 4878),
      "LSTM float32": Counts(nodes: 187, calls: 400, blocks: 256, kilobytes: 1877),
      "LSTM bfloat16": Counts(nodes: 210, calls: 470, blocks: 328, kilobytes: 1666),
    ]
    for subject in MemorySubject.all {
      for (name, precision) in [("float32", Precision.full), ("bfloat16", .mixed(.bfloat16))] {
        let key = "\(subject.name) \(name)"
        XCTAssertEqual(try counts(subject, precision), known[key], key)
      }
    }
  }

  /// A step that is replayed: its passes' calls, and the blocks that the whole step takes.
  private func replayed<Model: Module>(
    _ model: Model, _ inputs: [Tensor], _ loss: (Model, [Tensor]) -> Tensor
  ) throws -> [Int] {
    var run = TrainingRun(
      model: model, optimizer: Adam(), schedule: .constant(1e-3), clipping: .globalNorm(1))
    run.isCompiled = true
    var before = 0
    for step in 0..<7 {
      if step == 6 { before = Device.cpu.memory.requests }
      _ = try run.step(on: inputs, loss)
    }
    return [run.replayedCalls ?? 0, Device.cpu.memory.requests - before]
  }

  func testAReplayedStepTakesNoMemory() throws {
    let (x, y) = (Tensor.randomNormal([4, 8]), Tensor.randomNormal([4, 1]))
    let tiny = Sequential {
      Linear(8, 16)
      ReLU()
      Linear(16, 1)
    }
    XCTAssertEqual(try replayed(tiny, [x, y]) { meanSquaredError($0($1[0]), $1[1]) }, [16, 0])
    // The four are rooms of attention's threads.
    let tokens = Tensor.randomIntegers([2, 16], in: 0..<40)
    let gpt = GPT(.init(vocabulary: 40, context: 16, features: 32, heads: 4, layers: 2))
    XCTAssertEqual(
      try replayed(gpt, [tokens]) { causalLanguageModelLoss($0($1[0]), $1[0]) }, [128, 4])
  }
}
