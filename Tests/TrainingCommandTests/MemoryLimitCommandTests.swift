import Foundation
import XCTest

/// Jobs that meet a limit of memory.
final class MemoryLimitCommandTests: XCTestCase {
  private let job = ["train", "--epochs", "1", "--batch-size", "256", "--memory-limit", "5MB"]

  func testAJobThatDoesNotFitSaysWhatWould() throws {
    let run = try CommandRun(job)
    XCTAssertEqual(run.status, 71)
    XCTAssertEqual(run.errors.split(separator: "\n").count, 1, run.errors)
    XCTAssertTrue(
      run.errors.hasPrefix("training: body.3: relu: out of memory: expected 2.10 MB within"),
      run.errors)
    XCTAssertTrue(run.errors.contains("; what fits: the batch in 4 parts"), run.errors)
    XCTAssertTrue(run.output.contains("steps                      0"), run.output)
  }

  func testAJobThatMayReplanGoesOnWithTheSameBatch() throws {
    let scratch = try Scratch(of: self)
    let run = try CommandRun(job + ["--on-oom", "replan", "--json", scratch.path("s.json")])
    XCTAssertEqual(run.status, 0, run.errors)
    let words = run.output + run.errors
    XCTAssertTrue(words.contains("step 0: body.3: relu: out of memory"), words)
    XCTAssertTrue(words.contains("going on with the batch in 4 parts"), words)
    let summary = try String(contentsOfFile: scratch.path("s.json"), encoding: .utf8)
    XCTAssertTrue(summary.contains("\"steps\" : 6"), summary)
  }

  /// Neither parts nor recomputation make the moments smaller.
  func testAJobWhoseOptimizerIsTooLargeKeepsItsStateInAFile() throws {
    let scratch = try Scratch(of: self)
    let job = [
      "train", "--model", "mlp", "--hidden", "1024", "--epochs", "1", "--threads", "2", "--json",
      scratch.path("s.json"),
    ]
    func losses() throws -> [Double] {
      struct Summary: Decodable { let lossPerEpoch: [Double] }
      let data = try Data(contentsOf: URL(fileURLWithPath: scratch.path("s.json")))
      return try JSONDecoder().decode(Summary.self, from: data).lossPerEpoch
    }
    let run = try CommandRun(job + ["--memory-limit", "1600kB", "--on-oom", "replan"])
    XCTAssertEqual(run.status, 0, run.errors)
    let words = run.output + run.errors
    XCTAssertTrue(words.contains("going on with the optimizer's state in a file in /var"), words)
    let got = try losses()
    XCTAssertEqual(try CommandRun(job).status, 0)
    XCTAssertEqual(got, try losses())
  }

  func testWhatNeverFitsEndsWithTheError() throws {
    let run = try CommandRun(
      "train", "--epochs", "1", "--memory-limit", "900kB", "--on-oom", "replan")
    XCTAssertEqual(run.status, 71)
    XCTAssertTrue(run.errors.contains("out of memory"), run.errors)
    let units = try CommandRun("train", "--memory-limit", "3 apples")
    XCTAssertEqual(units.status, 64)
    XCTAssertTrue(units.errors.contains("expected bytes such as 300MB or 2GiB"), units.errors)
  }
}
