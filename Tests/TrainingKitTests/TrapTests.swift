import Foundation
import TrainingKit
import XCTest

/// A mistake outside of `validated` ends the program, with its sentence as the last word. The mistakes are made by this
/// same test in a process of its own.
final class TrapTests: XCTestCase {
  private static let variable = "TRAININGKIT_TEST_MISTAKE"

  private static let mistakes: [String: (sentence: String, make: @Sendable () -> Void)] = [
    "operation": (
      "matmul: expected […, m, k] and […, k, n], got [1, 2] and [3, 2]",
      { _ = Tensor.ones([1, 2]).matmul(Tensor.ones([3, 2])) }
    ),
    "layer": (
      "0: linear: expected […, 2], got [8, 3]",
      { _ = Sequential { Linear(2, 4) }(Tensor.ones([8, 3])) }
    ),
    "hyper-parameter": (
      "AdamW: expected beta1 from 0 to below 1, got 1.0", { _ = AdamW(beta1: 1) }
    ),
    "element": ("item: expected one element, got [2]", { _ = Tensor.ones([2]).item() }),
  ]

  func testAMistakeEndsTheProgramWithItsSentence() throws {
    if let name = ProcessInfo.processInfo.environment[Self.variable] {
      return Self.mistakes[name]!.make()
    }
    for (name, mistake) in Self.mistakes {
      let child = try Self.child(making: name)
      XCTAssertEqual(child.reason, .uncaughtSignal, name)
      XCTAssertTrue(child.errors.contains(mistake.sentence), "\(name): \(child.errors)")
    }
  }

  private static func child(
    making name: String
  ) throws -> (reason: Process.TerminationReason, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
    let test = "TrainingKitTests.TrapTests/testAMistakeEndsTheProgramWithItsSentence"
    #if os(macOS)
      process.arguments = ["-XCTest", test, Bundle(for: TrapTests.self).bundlePath]
    #else
      process.arguments = [test]
    #endif
    // The sentence is wanted, and not the seconds that a backtrace takes.
    process.environment = ProcessInfo.processInfo.environment.merging(
      [variable: name, "SWIFT_BACKTRACE": "enable=no"]) { $1 }
    let errors = Pipe()
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, errors)
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationReason, text)
  }
}
