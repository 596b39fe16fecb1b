import Foundation
import XCTest

/// What a run of the command printed, and how it ended.
struct CommandRun {
  let status: Int32
  let output: String
  let errors: String

  init(_ arguments: String..., environment: [String: String] = [:]) throws {
    try self.init(arguments, environment: environment)
  }

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    status = process.terminationReason == .exit ? process.terminationStatus : -1
  }

  /// How a run ended whose output is a terminal, and what it wrote there.
  ///
  /// - Parameter sign: what the run is ended at, once it has written that.
  static func inTerminal(
    _ arguments: [String], locale: String, until sign: String? = nil
  ) throws -> (status: Int32, text: String) {
    var (primary, other): (Int32, Int32) = (-1, -1)
    guard openpty(&primary, &other, nil, nil, nil) == 0 else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ENOTTY)
    }
    defer { close(primary) }
    let terminal = FileHandle(fileDescriptor: other, closeOnDealloc: true)
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ["LC_ALL": locale]
    process.standardOutput = terminal
    try process.run()
    // While this end is open here, too, there is no end to read to.
    try terminal.close()
    var (text, buffer) = (Data(), [UInt8](repeating: 0, count: 4096))
    while case let count = read(primary, &buffer, buffer.count), count > 0 {
      text += buffer[..<count]
      if let sign, text.range(of: Data(sign.utf8)) != nil { process.terminate() }
    }
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }

  /// The command lies beside the test bundle.
  static var executable: URL {
    #if os(macOS)
      let folder = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }!.bundleURL
        .deletingLastPathComponent()
    #else
      let folder = Bundle.main.bundleURL
    #endif
    return folder.appendingPathComponent("training")
  }
}

/// A folder of files for one test.
final class Scratch {
  let folder: URL

  init(of test: XCTestCase) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let folder = folder
    test.addTeardownBlock { try FileManager.default.removeItem(at: folder) }
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func file(_ name: String, _ text: String) throws -> String {
    try file(name, Data(text.utf8))
  }

  func file(_ name: String, _ data: Data) throws -> String {
    try data.write(to: folder.appendingPathComponent(name))
    return path(name)
  }
}
