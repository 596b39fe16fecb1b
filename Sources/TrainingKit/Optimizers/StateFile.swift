/// A file that the state of optimizers lies in, in place of memory: its pages are written out and dropped by the system
/// when others need the memory, and do not count against the device's limit.
///
///     run.stateFile = try StateFile(in: "/scratch")
///
/// Updates give the same bits; they take longer as soon as pages have to be read again. The file has no name, so that
/// nothing is left behind, and its room on the disk is reserved before it is used: a full disk is a ``DeviceError`` of
/// the step, which changes nothing. A folder in memory, as `/tmp` is on some systems, spares none.
///
/// Copies are the same file. It is closed when nobody holds one, or a tensor in it.
public struct StateFile: Sendable {
  /// The folder that the file lies in.
  public let folder: String
  private let file: MemoryPool

  /// Makes a file.
  ///
  /// - Errors: `DeviceError` when the folder takes none.
  public init(in folder: String) throws(DeviceError) {
    self.folder = folder
    file = MemoryPool(source: .file(try MemoryFile(in: folder)))
  }

  /// The bytes in the file by what they are used for, and the most that there were.
  public var usage: MemoryUsage { file.usage }

  /// The time that the folder's disk takes for so many bytes, by what a small file was measured to take, once.
  package func seconds(for byteCount: Int) -> Double {
    Double(byteCount) / MemoryFile.speed(of: folder)
  }

  /// Where the bytes lie on the device that the caller computes on.
  package var pool: MemoryPool { Context.current.backend.pool(for: file) }

  /// Runs `body`, in which optimizers keep their state in the file. A ``TrainingRun`` does so with its own.
  public func keepingState<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try Context.current.scoping(StateHome.file(self), body)
  }
}

/// Where optimizers keep their state.
enum StateHome: Sendable {
  case memory
  case file(StateFile)
  /// Where it happens to lie: within an update.
  case anywhere

  static var current: StateHome { Context.current.scoped(StateHome.self) ?? .memory }

  /// Nil for anywhere.
  var pool: MemoryPool? {
    switch self {
    case .memory: Context.current.backend.pool
    case .file(let file): file.pool
    case .anywhere: nil
    }
  }

  var isFile: Bool { if case .file = self { true } else { false } }
}

extension StateFile: Hashable {
  /// Whether both are the same file.
  public static func == (a: StateFile, b: StateFile) -> Bool { a.file === b.file }

  /// Feeds the file's identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(file)) }
}

extension StateFile? {
  /// Runs `body`, in which optimizers keep their state in the file, or in memory.
  func keepingState<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let self else { return try body() }
    if Device.current != .cpu {
      Context.current.fail(
        TensorError(
          .device, "StateFile", expected: "states of the processor", got: "\(Device.current)"))
    }
    return try self.keepingState(body)
  }
}
