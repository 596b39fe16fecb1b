import TrainingKit
import XCTest

/// What is kept from step to step is found and named; what a healthy loop keeps is not.
final class MemoryGrowthTests: XCTestCase {
  private typealias Run = TrainingRun<Sequential>
  private let x = Tensor.randomNormal([32, 16])
  private let y = Tensor.randomIntegers([32], in: 0..<4)

  private func newRun() -> Run {
    let model = Sequential {
      Linear(16, 64)
      ReLU()
      Linear(64, 4)
    }
    return Run(
      model: model, optimizer: AdamW(), schedule: .constant(1e-3),
      average: .exponential(decay: 0.9))
  }

  private func step(_ run: inout Run) throws { _ = try run.step { crossEntropy($0(x), y) } }

  func testAHealthyLoopKeepsNothing() throws {
    var run = newRun()
    var losses: [Double] = []
    var states: [[String: Tensor]] = []
    for count in 1...300 {
      losses.append(try run.step { crossEntropy($0(x), y) }.report.loss)
      // A ring of older weights.
      if count % 20 == 0 { states = states.suffix(3) + [run.model.state()] }
      if [1, 7, 8, 9, 50, 256, 257, 300].contains(count) {
        XCTAssertEqual(run.memoryGrowth, [], "\(count)")
      }
    }
    XCTAssertEqual(losses.count, 300)
    XCTAssertEqual(states.count, 4)
  }

  func testAListOfLossesWithTheirTapesIsNamed() throws {
    var run = newRun()
    var losses: [Tensor] = []
    for _ in 0..<40 {
      losses.append(crossEntropy(run.model(x), y))
      try step(&run)
    }
    let before = Device.cpu.memory.live
    losses = []
    // The loss made before the first step began belongs to no step that was watched in full, yet is kept in it.
    let growth = try { () -> [MemoryGrowth] in
      for _ in 0..<40 {
        losses.append(crossEntropy(run.model(x), y))
        try step(&run)
      }
      return run.memoryGrowth
    }()
    XCTAssertEqual(growth, [], "the first half of the watched steps keeps nothing any more")
    XCTAssertEqual(Device.cpu.memory.live, before)
  }

  func testGrowthHasBytesPlaceAndSteps() throws {
    var run = newRun()
    var losses: [Tensor] = []
    for _ in 0..<3 { try step(&run) }
    let state = Device.cpu.memory.live
    for _ in 0..<61 {
      losses.append(crossEntropy(run.model(x), y))
      try step(&run)
    }
    let growth = run.memoryGrowth
    XCTAssertEqual(growth.first?.holding.owner, .activations)
    XCTAssertEqual(growth.first?.holding.path, "1")
    XCTAssertEqual(growth.first?.keptSteps, 61)
    XCTAssertEqual(growth.first?.watchedSteps, 64)
    XCTAssertEqual(
      growth.reduce(0) { $0 + $1.holding.byteCount }, Device.cpu.memory.live - state)
    XCTAssertEqual(
      growth.first.map { "\($0)" },
      "activations 500 kB of relu in 1, kept from 61 of 64 steps")
    XCTAssertEqual(losses.count, 61)
  }

  func testWhatIsKeptNowAndThenIsFoundToo() throws {
    var run = newRun()
    var losses: [Tensor] = []
    for count in 0..<200 {
      if count % 10 == 0 { losses.append(crossEntropy(run.model(x), y)) }
      try step(&run)
    }
    XCTAssertEqual(run.memoryGrowth.first?.keptSteps, 20)
    XCTAssertEqual(losses.count, 20)
  }

  func testALoopOfOnesOwnIsWatched() {
    let model = Linear(8, 8)
    var watch = MemoryWatch()
    var outputs: [Tensor] = []
    for _ in 0..<8 {
      outputs.append(model(Tensor.ones([64, 8])).sum())
      watch.endStep()
    }
    let growth = watch.growth(in: model)
    XCTAssertEqual(Set(growth.map(\.keptSteps)), [8])
    XCTAssertTrue(growth.contains { $0.holding.path == nil && $0.holding.owner == .activations })
    XCTAssertTrue(growth.contains { $0.bytesPerStep == 2048 }, "\(growth)")
    outputs = []
    XCTAssertEqual(watch.growth(in: model), [])
  }

  func testOutOfMemoryNamesTheLeak() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    var run = newRun()
    try step(&run)
    Device.cpu.trimMemory()
    Device.cpu.memoryLimit = Device.cpu.memory.live + 400_000
    var losses: [Tensor] = []
    XCTAssertThrowsError(
      try {
        for _ in 0..<200 {
          losses.append(try validated { crossEntropy(run.model(x), y) })
          try step(&run)
        }
      }()
    ) { error in
      guard case .outOfMemory? = error as? DeviceError else { return XCTFail("\(error)") }
    }
    Device.cpu.memoryLimit = Device.cpu.memory.live + 10_000
    XCTAssertThrowsError(try step(&run)) { error in
      let text = "\(error)"
      XCTAssertTrue(text.contains("of it are results kept from step to step"), text)
      XCTAssertTrue(text.hasSuffix("instead of the tensor with its tape"), text)
    }
    losses = []
    XCTAssertNoThrow(try step(&run))
  }
}
