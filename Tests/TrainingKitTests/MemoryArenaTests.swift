import Foundation
import Synchronization
import TrainingKit
import XCTest

/// Large blocks side by side: nothing overlaps, nothing is lost, and the accounts are true.
final class MemoryArenaTests: XCTestCase {
  private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

  private func size(_ pages: Int) -> Int { MemoryArena.blockSize(for: pages * page) }

  private func taken(_ arena: inout MemoryArena, _ size: Int) throws -> (UInt, fresh: Int) {
    let place = try XCTUnwrap(arena.place(for: size))
    return (arena.take(place), place.fresh)
  }

  func testNeighboursThatAreFreeAreOnePlace() throws {
    var arena = MemoryArena()
    defer { arena.close() }
    let blocks = try (0..<4).map { _ in try taken(&arena, size(16)) }
    XCTAssertEqual(blocks.map(\.fresh), Array(repeating: size(16), count: 4))
    arena.give(blocks[0].0, size(16))
    arena.give(blocks[2].0, size(16))
    // Each gap is too small: new memory.
    let large = try taken(&arena, size(32))
    XCTAssertEqual(large.fresh, size(32))
    arena.give(blocks[1].0, size(16))
    let joined = try taken(&arena, size(48))
    XCTAssertEqual(joined.0, blocks[0].0)
    XCTAssertEqual(joined.fresh, 0)
  }

  /// Segments side by side, as a driver may give them.
  private final class Neighbours: SegmentSource {
    let isApart: Bool
    private let end = Mutex<UInt>(1 << 30)

    init(isApart: Bool) { self.isApart = isApart }

    func map(_ byteCount: Int) -> UInt? {
      end.withLock { end in
        defer { end += UInt(byteCount) }
        return end
      }
    }
    func unmap(_ address: UInt, _ byteCount: Int) {}
  }

  func testNoBlockReachesOverTheEndOfASegmentThatIsApart() throws {
    for isApart in [true, false] {
      var arena = MemoryArena(segments: Neighbours(isApart: isApart))
      let segment = 1 << 26
      // Three quarters of the first segment: what is left of it is too small for the next.
      let first = try taken(&arena, segment / 4 * 3).0
      let second = try taken(&arena, segment / 2).0
      let start: UInt = 1 << 30
      XCTAssertEqual(first, start)
      let end = start + UInt(segment)
      XCTAssertEqual(second, isApart ? end : end - UInt(segment / 4))
      arena.give(first, segment / 4 * 3)
      arena.give(second, segment / 2)
      let third = try taken(&arena, segment).0
      XCTAssertEqual(third, start)
      let fourth = try taken(&arena, segment).0
      XCTAssertEqual(fourth, end)
    }
  }

  #if os(Linux)
    func testHugePagesAreAskedForUnlessTheyAreSwitchedOff() throws {
      let before = Device.cpu.usesHugePages
      defer { Device.cpu.usesHugePages = before }
      for isOn in [true, false, true] {
        Device.cpu.usesHugePages = isOn
        XCTAssertEqual(Device.cpu.usesHugePages, isOn)
        var arena = MemoryArena()
        defer { arena.close() }
        let (address, _) = try taken(&arena, size(1024))
        XCTAssertEqual(try isAskedToBeHuge(address), isOn)
      }
    }

    /// Whether the system holds the advice for the memory at this address.
    private func isAskedToBeHuge(_ address: UInt) throws -> Bool {
      var isInside = false
      // A whole file, as `String(contentsOfFile:)` reads it, would be its first pages.
      let file = try XCTUnwrap(FileHandle(forReadingAtPath: "/proc/self/smaps"))
      let maps = try XCTUnwrap(try file.readToEnd())
      for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
        let range = line.prefix { $0 != " " }
        let ends = range.split(separator: "-").compactMap { UInt($0, radix: 16) }
        if ends.count == 2 { isInside = ends[0] <= address && address < ends[1] }
        if isInside, line.hasPrefix("VmFlags:") { return line.split(separator: " ").contains("hg") }
      }
      throw NotFound()
    }

    private struct NotFound: Error {}
  #endif

  func testWhatWasGivenBackIsFreshAgain() throws {
    var arena = MemoryArena()
    defer { arena.close() }
    let (first, _) = try taken(&arena, size(20))
    let (second, _) = try taken(&arena, size(20))
    arena.give(first, size(20))
    XCTAssertEqual(arena.discard(), 0)
    // Part of the place has memory, part has none.
    arena.give(second, size(20))
    let both = try taken(&arena, size(40))
    XCTAssertEqual(both.0, first)
    XCTAssertEqual(both.fresh, size(20))
    let memory = try XCTUnwrap(UnsafePointer<UInt8>(bitPattern: first))
    XCTAssertEqual((0..<size(20)).first { memory[$0] != 0 }, nil, "discarded pages hold zeros")
  }

  func testRandomBlocksNeverOverlapAndTheAccountsHold() throws {
    let pool = MemoryPool()
    var generator = SystemRandomNumberGenerator()
    var held: [(storage: Storage, mark: UInt8)] = []
    for step in 0..<20_000 {
      if held.count < 60 && Bool.random(using: &generator) || held.isEmpty {
        let bytes = Int.random(in: 1...(1 << Int.random(in: 8...21, using: &generator)))
        let tag = MemoryTag("test", owner: .user, module: nil)
        let storage = try XCTUnwrap(pool.take(byteCount: bytes, tag))
        let mark = UInt8(truncatingIfNeeded: step)
        // The ends are enough to see an overlap.
        storage.memory.storeBytes(of: mark, as: UInt8.self)
        storage.memory.storeBytes(of: mark, toByteOffset: bytes - 1, as: UInt8.self)
        held.append((storage, mark))
      } else {
        let (storage, mark) = held.remove(at: Int.random(in: held.indices, using: &generator))
        XCTAssertEqual(storage.memory.load(as: UInt8.self), mark)
        let last = storage.memory.load(fromByteOffset: storage.byteCount - 1, as: UInt8.self)
        XCTAssertEqual(last, mark)
      }
      if step % 4_000 == 3_999 { pool.trim() }
      XCTAssertEqual(
        pool.usage.live, held.reduce(0) { $0 + MemoryPool.blockSize(for: $1.storage.byteCount) })
      XCTAssertGreaterThanOrEqual(pool.usage.cached, 0)
    }
    held = []
    XCTAssertEqual(pool.usage.live, 0)
    pool.trim()
    XCTAssertEqual(pool.usage.cached, 0)
  }

  /// Sizes that change from step to step take no more than the largest step and what lies between.
  func testStepsOfManySizesShareTheirMemory() throws {
    let pool = MemoryPool()
    let tag = MemoryTag("test", owner: .user, module: nil)
    var most = 0
    for step in 0..<400 {
      let bytes = 100_000 + step * 1_000
      let blocks = try (0..<20).map { _ in try XCTUnwrap(pool.take(byteCount: bytes, tag)) }
      most = max(most, pool.usage.live)
      XCTAssertEqual(blocks.count, 20)
    }
    XCTAssertLessThan(pool.usage.live + pool.usage.cached, most + most / 50)
  }
}
