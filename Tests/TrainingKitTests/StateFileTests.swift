import Foundation
import TestSupport
import TrainingKit
import XCTest

/// The state of optimizers in a file.
final class StateFileTests: XCTestCase {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "StateFileTests-\(UUID().uuidString)")

  override func setUpWithError() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws { try FileManager.default.removeItem(at: folder) }

  private func run(
    _ optimizer: any Optimizer, _ dtype: DType = .float32, in file: StateFile?
  ) -> TrainingRun<Sequential> {
    let model = withRandomGenerator(RandomGenerator(seed: 6)) {
      Sequential {
        Linear(40, 300)
        GELU()
        Linear(300, 7)
      }
    }
    if dtype != .float32 { model.convert(to: dtype) }
    var run = TrainingRun(model: model, optimizer: optimizer, schedule: .constant(0.01))
    run.stateFile = file
    return run
  }

  private func step(_ run: inout TrainingRun<Sequential>) throws {
    let x = RandomGenerator(seed: UInt64(run.steps)).normal([16, 40])
    let outcome = try run.step {
      $0(x.cast(to: $0.parameters[0].parameter.value.dtype)).square().mean()
    }
    XCTAssertTrue(outcome.isApplied, "\(outcome)")
  }

  private func assertSame(
    _ a: TrainingRun<Sequential>, _ b: TrainingRun<Sequential>, _ name: String
  ) {
    let others = b.model.state().merging(b.optimizer.state()) { a, _ in a }
    for (path, value) in a.model.state().merging(
      a.optimizer.state(), uniquingKeysWith: { a, _ in a })
    {
      XCTAssertTrue(others[path]?.isIdentical(to: value) == true, "\(name): \(path)")
    }
  }

  /// The bytes of the blocks that a run's state takes.
  private func stateBytes(_ run: TrainingRun<Sequential>) -> Int {
    run.optimizer.states.values.flatMap(\.tensors.values).reduce(0) {
      $0 + MemoryPool.blockSize(for: $1.count * $1.dtype.byteCount)
    }
  }

  private func memoryOfOptimizers() -> Int { Device.cpu.memory.bill[.optimizer] }

  func testEveryOptimizerTakesTheSameStepsAndNoMemory() throws {
    for entry in OptimizerCatalog.all {
      for (dtype, state) in [
        (DType.float32, StateType.full), (.bfloat16, .full), (.float32, .bfloat16(seed: 1)),
      ] {
        func kept(_ optimizer: some Optimizer) -> any Optimizer {
          optimizer.keepingState(in: state)
        }
        let (name, others) = ("\(entry.name) \(dtype) \(state)", memoryOfOptimizers())
        let file = try StateFile(in: folder.path)
        var filed = run(kept(entry.samples[0]), dtype, in: file)
        for _ in 0..<3 { try step(&filed) }
        XCTAssertEqual(memoryOfOptimizers(), others, name)
        XCTAssertEqual(file.usage.live, stateBytes(filed), name)
        XCTAssertEqual(Device.cpu.fileMemory, file.usage.live)
        var plain = run(kept(entry.samples[0]), dtype, in: nil)
        for _ in 0..<3 { try step(&plain) }
        assertSame(filed, plain, name)
      }
    }
    XCTAssertEqual(Device.cpu.fileMemory, 0)
  }

  func testSnapshotsAndCheckpointsKeepTheStateInTheFile() throws {
    let others = memoryOfOptimizers()
    let file = try StateFile(in: folder.path)
    var run = run(AdamW(), in: file)
    for _ in 0..<2 { try step(&run) }
    let (snapshot, checkpoint) = (run.snapshot(), try run.checkpoint())
    let path = folder.appendingPathComponent("run.safetensors").path
    try checkpoint.write(to: path)
    for _ in 0..<2 { try step(&run) }
    // The snapshot's state and the run's.
    XCTAssertEqual(file.usage.live, 2 * stateBytes(run))
    XCTAssertEqual(memoryOfOptimizers(), others)
    let end = run
    let weights = run.model.state()
    func assertComesToTheSameEnd(_ run: inout TrainingRun<Sequential>, _ name: String) throws {
      for _ in 0..<2 { try step(&run) }
      for (path, value) in run.model.state() {
        XCTAssertTrue(value.isIdentical(to: weights[path]!), "\(name): \(path)")
      }
      for (path, value) in run.optimizer.state() {
        XCTAssertTrue(value.isIdentical(to: end.optimizer.state()[path]!), "\(name): \(path)")
      }
    }
    try run.restore(snapshot)
    try assertComesToTheSameEnd(&run, "snapshot")
    var other = self.run(AdamW(), in: file)
    let live = file.usage.live
    try other.load(from: path)
    XCTAssertEqual(file.usage.live, live + stateBytes(other))
    try assertComesToTheSameEnd(&other, "checkpoint")
    XCTAssertEqual(memoryOfOptimizers(), others)
    // A checkpoint is the same wherever the state lay.
    var plain = self.run(AdamW(), in: nil)
    try plain.load(from: path)
    try assertComesToTheSameEnd(&plain, "checkpoint in memory")
  }

  func testTheStateMovesBetweenMemoryAndFiles() throws {
    let (first, second) = (try StateFile(in: folder.path), try StateFile(in: folder.path))
    XCTAssertNotEqual(first, second)
    var (moving, plain) = (run(AdamW(), in: nil), run(AdamW(), in: nil))
    for file in [nil, first, second, first, nil] {
      moving.stateFile = file
      try step(&moving)
      try step(&plain)
      XCTAssertEqual(first.usage.live, file == first ? stateBytes(moving) : 0)
      XCTAssertEqual(second.usage.live, file == second ? stateBytes(moving) : 0)
    }
    assertSame(moving, plain, "moved")
  }

  func testPartsOfALoopUseAFileToo() throws {
    let file = try StateFile(in: folder.path)
    let model = Two(Tensor.ones([100]), Tensor.ones([3]))
    var optimizer = AdamW()
    let gradients = model.gradients(Tensor.ones([100]), Tensor.ones([3]))
    file.keepingState { optimizer.update(model, with: gradients, learningRate: 0.1) }
    XCTAssertEqual(file.usage.live, 2 * 448 + 2 * 64)
  }

  func testNothingHasANameAndNothingIsLeftBehind() throws {
    do {
      let file = try StateFile(in: folder.path)
      var run = run(AdamW(), in: file)
      try step(&run)
      XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder.path), [])
      XCTAssertGreaterThan(file.usage.cached, 0)
      #if os(Linux)
        let room = bytesOnDisk()
        XCTAssertGreaterThanOrEqual(room, file.usage.live + file.usage.cached)
      #endif
    }
    XCTAssertEqual(Device.cpu.fileMemory, 0)
    XCTAssertThrowsError(try StateFile(in: folder.path + "/none")) {
      XCTAssertEqual(
        "\($0)",
        "memory in a file: expected a folder that takes one, got \(folder.path)/none: "
          + "No such file or directory")
    }
  }

  #if os(Linux)
    /// The room that files without a name have in the folder.
    private func bytesOnDisk() -> Int {
      (0..<1024).reduce(0) { sum, descriptor in
        var about = stat()
        let target = try? FileManager.default.destinationOfSymbolicLink(
          atPath: "/proc/self/fd/\(descriptor)")
        guard target?.hasPrefix(folder.path) == true, fstat(Int32(descriptor), &about) == 0 else {
          return sum
        }
        return sum + Int(about.st_blocks) * 512
      }
    }
  #endif

  /// Ranges that were given back are used again, and blocks never overlap.
  func testTheFileGrowsBySegmentsAndIsUsedAgain() throws {
    let pool = try StateFile(in: folder.path).pool
    let tag = MemoryTag("test", owner: .user, module: nil)
    var held: [(storage: Storage, mark: UInt8)] = []
    for step in 0..<4_000 {
      if held.count < 40 {
        let bytes = Int.random(in: 1...(1 << Int.random(in: 8...22)))
        let storage = try XCTUnwrap(pool.take(byteCount: bytes, tag))
        let mark = UInt8(truncatingIfNeeded: step)
        storage.memory.storeBytes(of: mark, as: UInt8.self)
        storage.memory.storeBytes(of: mark, toByteOffset: bytes - 1, as: UInt8.self)
        held.append((storage, mark))
      } else {
        let (storage, mark) = held.remove(at: Int.random(in: held.indices))
        XCTAssertEqual(storage.memory.load(as: UInt8.self), mark)
        let last = storage.memory.load(fromByteOffset: storage.byteCount - 1, as: UInt8.self)
        XCTAssertEqual(last, mark)
      }
      let blocks = held.reduce(0) { $0 + MemoryPool.blockSize(for: $1.storage.byteCount) }
      XCTAssertEqual(pool.usage.live, blocks)
      XCTAssertGreaterThanOrEqual(pool.usage.cached, 0)
    }
    XCTAssertLessThanOrEqual(pool.usage.live + pool.usage.cached, pool.usage.peak + (128 << 20))
  }

  #if os(Linux)
    /// The system refuses to let a file grow, as a full disk does: the step is as if it had not been.
    func testADiskWithoutRoomIsAnErrorOfTheStep() throws {
      var old = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
      let handler = signal(SIGXFSZ, SIG_IGN)
      defer {
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
        signal(SIGXFSZ, handler)
      }
      let file = try StateFile(in: folder.path)
      var run = TrainingRun(
        model: Linear(1000, 11_000), optimizer: AdamW(), schedule: .constant(0.01))
      run.stateFile = file
      let before = run.model.state()
      let x = Tensor.ones([1, 1000])
      var low = rlimit(rlim_cur: 80 << 20, rlim_max: old.rlim_max)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &low)
      XCTAssertThrowsError(try run.step { $0(x).sum() }) { error in
        XCTAssertEqual(
          "\(error)",
          "full: out of memory in a file: expected room for 44.0 MB in \(folder.path), got none "
            + "beside the 44.0 MB in use; another folder may have it")
      }
      for (path, value) in run.model.state() {
        XCTAssertTrue(value.isIdentical(to: before[path]!), path)
      }
      XCTAssertEqual(run.optimizer.states.count, 0)
      XCTAssertEqual(file.usage.live, 0)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
      XCTAssertTrue(try run.step { $0(x).sum() }.isApplied)
    }
  #endif

  func testAStateThatMemoryHasNoRoomForFits() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    let x = Tensor.ones([1, 1000])
    var run = TrainingRun(
      model: Linear(1000, 2000), optimizer: AdamW(), schedule: .constant(0.01))
    // Weights and gradients take 8 MB each, both moments together 16 MB.
    Device.cpu.memoryLimit = Device.cpu.memory.live + 20_000_000
    XCTAssertThrowsError(try run.step { $0(x).sum() })
    run.stateFile = try StateFile(in: folder.path)
    for _ in 0..<2 { XCTAssertTrue(try run.step { $0(x).sum() }.isApplied) }
  }
}
