import Foundation
import TestSupport
import TrainingKit
import XCTest

/// Plans beside the work that they are of.
final class MemoryPlanTests: XCTestCase {
  private func assertPlanned(_ subject: MemorySubject, _ options: MemorySubject.Options) throws {
    let work = subject.work(options)
    let plan = try MemoryPlan(work)
    let live = Device.cpu.memory.live
    Device.cpu.resetPeakMemory()
    try work()
    let usage = Device.cpu.memory
    XCTAssertEqual(plan.peak, usage.peak - live, "\(subject.name), \(options)")
    XCTAssertEqual(plan.filePeak, options.stateFile?.usage.peak ?? 0, "\(subject.name), \(options)")
    XCTAssertEqual(plan.peakBill.total, plan.peak)
    XCTAssertEqual(usage.live, live, "\(subject.name), \(options)")
  }

  func testThePeakIsPlannedToTheByte() throws {
    let optimizers: [any Optimizer] = [SGD(momentum: 0.9), AdamW(), Adafactor(), Muon()]
    var count = 0
    for subject in MemorySubject.all {
      for precision in [Precision.full, .mixed(.bfloat16), .mixed(.float16, scaler: .fixed(64))] {
        for optimizer in optimizers {
          for parts in [1, 4] {
            for threads in [1, 3] {
              try withThreads(threads) {
                try assertPlanned(
                  subject, .init(precision: precision, optimizer: optimizer, parts: parts))
              }
              count += 1
            }
          }
        }
      }
    }
    print("memory plans: \(count) peaks to the byte")
    XCTAssertGreaterThanOrEqual(count, 200)
  }

  func testEveryPartOfARunIsInThePlan() throws {
    let variants: [MemorySubject.Options] = [
      .init(clipping: .none), .init(clipping: .value(1)), .init(clipping: .percentile(90)),
      .init(clipping: .unitNorm(ratio: 0.1)), .init(clipping: .parameterNorm(1)),
      .init(smoothing: GradientSmoothing(decay: 0.5)), .init(average: .exponential(decay: 0.9)),
      .init(average: .stochastic(every: 2)), .init(weights: .bfloat16),
      .init(weights: .bfloat16, rounding: .stochastic(seed: 1)),
      .init(precision: .mixed(.float16), average: .exponential(decay: 0.9), isCounted: true),
      .init(state: .bfloat16(seed: 1)), .init(weights: .bfloat16, state: .bfloat16(seed: 1)),
    ]
    let others: [any Optimizer] = [
      SGD(), Adam(amsgrad: true), NAdam(), RAdam(), Adamax(),
      RMSprop(momentum: 0.9, centered: true),
      Adagrad(), Adadelta(), Lion(), LAMB(), StableAdamW(), Adafactor(), Muon(),
      AdamW().using(SGD(momentum: 0.9), for: .biasesAndNorms),
    ]
    for subject in MemorySubject.all {
      for parts in [1, 2] {
        for var options in variants {
          options.parts = parts
          try assertPlanned(subject, options)
        }
      }
      for optimizer in others {
        for state in [StateType.full, .bfloat16(seed: 1)] {
          try assertPlanned(subject, .init(optimizer: optimizer, state: state))
        }
      }
    }
  }

  /// A file of its own, so that the most bytes in it are those of one run.
  private func file() throws -> StateFile {
    try StateFile(in: FileManager.default.temporaryDirectory.path)
  }

  func testAStateInAFileIsInThePlan() throws {
    let optimizers: [any Optimizer] = [AdamW(), LAMB(), StableAdamW(), Adafactor(), Muon()]
    for subject in MemorySubject.all {
      for optimizer in optimizers {
        for (weights, state) in [
          (DType.float32, StateType.full), (.bfloat16, .full), (.float32, .bfloat16(seed: 1)),
        ] {
          try assertPlanned(
            subject,
            .init(
              optimizer: optimizer, weights: weights, state: state, stateFile: file()))
        }
      }
    }
  }

  /// A run that stands somewhere plans its next steps, and stands there still.
  private struct NextSteps: MemorySubjectVisitor {
    func visit<Model: Module>(
      _ run: inout TrainingRun<Model>, step: (inout TrainingRun<Model>) throws -> StepOutcome
    ) throws -> Int {
      for steps in 0..<3 {
        let (state, random) = (run.model.state(), RandomGenerator.current.state)
        let plan = try run.memoryPlan { run in for _ in 0..<2 { _ = try step(&run) } }
        XCTAssertTrue(run.model.state().allSatisfy { state[$0.key]!.isIdentical(to: $0.value) })
        XCTAssertEqual(run.steps, 2 * steps)
        XCTAssertEqual(RandomGenerator.current.state, random)
        _ = consume state
        let others = Device.cpu.memory.live - plan.base
        Device.cpu.resetPeakMemory()
        run.stateFile?.pool.resetPeak()
        for _ in 0..<2 { _ = try step(&run) }
        XCTAssertEqual(plan.filePeak, run.stateFile?.usage.peak ?? 0)
        XCTAssertEqual(plan.peak, Device.cpu.memory.peak, "after \(2 * steps) steps, \(others)")
      }
      return 3
    }
  }

  func testARunPlansItsNextSteps() throws {
    for subject in MemorySubject.all {
      for parts in [1, 2] {
        _ = try subject.visit(.init(parts: parts), NextSteps())
        _ = try subject.visit(.init(parts: parts, stateFile: file()), NextSteps())
        _ = try subject.visit(
          .init(
            precision: .mixed(.bfloat16), optimizer: LAMB(), parts: parts,
            smoothing: GradientSmoothing(), average: .exponential(decay: 0.9)), NextSteps())
      }
    }
  }

  func testRecomputationIsInThePlan() throws {
    for (subject, pattern) in [
      (MemorySubject.gpt, "blocks.*"), (.bert, "blocks.1"), (.convolutional, "*"),
    ] {
      for precision in [Precision.full, .mixed(.bfloat16)] {
        for parts in [1, 2] {
          try assertPlanned(
            subject,
            .init(precision: precision, parts: parts, recomputation: .modules(pattern)))
        }
      }
    }
  }

  func testTheBackwardPassFreesActivationsOnItsWay() throws {
    for precision in [Precision.full, .mixed(.float16)] {
      let timeline = try MemoryPlan {
        let tokens = Tensor.zeros([4, 16], dtype: .int64)
        var run = TrainingRun(
          model: GPT(.init(vocabulary: 40, context: 16, features: 16, heads: 2, layers: 8)),
          optimizer: SGD(), schedule: .constant(1e-3), precision: precision)
        _ = try run.step { causalLanguageModelLoss($0(tokens), tokens) }
      }.timeline
      let most = timeline.live.indices.map { timeline.bill(at: $0)[.activations] }.max()!
      let last = timeline.spans.last {
        $0.holding.owner == .workspace && $0.holding.path?.hasPrefix("blocks.4") == true
      }!
      XCTAssertLessThan(Double(timeline.bill(at: last.start)[.activations]), 0.6 * Double(most))
    }
  }

  func testNothingIsComputedOrKept() {
    let usage = Device.cpu.memory
    var kept: Tensor?
    let plan = MemoryPlan {
      let run = TrainingRun(
        model: Linear(100_000, 100_000, bias: false), optimizer: AdamW(), schedule: .constant(1))
      kept = run.model(Tensor.ones([1, 100_000]))
    }
    XCTAssertEqual(Device.cpu.memory, usage)
    XCTAssertGreaterThanOrEqual(plan.peakBill[.weights], 40_000_000_000)
    XCTAssertEqual(kept?[0, 99_999].item(), 0)
    XCTAssertEqual(plan.timeline.peakHolding?.operation, "matmul")
  }

  func testTheTimelineSaysWhoHasTheMemoryAtEveryEvent() throws {
    let subject = MemorySubject.all[0]
    let timeline = try MemoryPlan(subject.work(.init())).timeline
    for event in stride(from: 0, to: timeline.live.count, by: 7) {
      XCTAssertEqual(timeline.bill(at: event).total, timeline.live[event])
      XCTAssertEqual(
        timeline.holdings(at: event).reduce(0) { $0 + $1.byteCount }, timeline.live[event])
    }
    let paths = Set(timeline.spans.compactMap(\.holding.path))
    XCTAssertTrue(paths.isSuperset(of: ["0", "1", "2", "4"]), "\(paths)")
    let bill = timeline.bill(at: timeline.peakEvent)
    for owner in [MemoryOwner.weights, .activations] { XCTAssertGreaterThan(bill[owner], 0) }
    XCTAssertEqual(timeline.live.last, 0)
  }
}
