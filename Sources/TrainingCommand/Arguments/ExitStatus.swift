internal import TrainingKit

/// How the command ends when it could not do what it was asked for.
///
/// - Source: sysexits.h. What lies below tells of the health of the runs that were diagnosed.
enum ExitStatus: Int32 {
  /// The command line is wrong.
  case usage = 64
  /// Input is malformed.
  case data = 65
  /// Input cannot be opened.
  case noInput = 66
  /// The run failed: steps that are skipped for ever, a loss scale that cannot fall, a checkpoint that is broken.
  case software = 70
  /// Memory ran out.
  case system = 71
  /// Output cannot be written.
  case cannotCreate = 73
}

extension ExitStatus {
  /// How the command ends by an error.
  init(_ error: any Error) {
    switch error {
    case let error as UsageError: self = error.status
    case let error as DataError: self = error.isAboutOpening ? .noInput : .data
    case is DeviceError: self = .system
    case let error as CheckpointError where error.kind == .system: self = .cannotCreate
    case let error as CheckpointError where error.kind == .memory: self = .system
    default: self = .software
    }
  }
}

extension DataError {
  /// Whether the file could not be read at all.
  fileprivate var isAboutOpening: Bool { place == .file && expected == "a file that can be read" }
}
