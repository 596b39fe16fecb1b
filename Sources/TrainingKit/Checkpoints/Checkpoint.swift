/// All that a run needs to go on, in one file: tensors by section, and values as JSON.
///
///     var checkpoint = Checkpoint()
///     checkpoint["model"] = model.state()
///     try checkpoint.encode(schedule, as: "schedule")
///     try checkpoint.write(to: "digits.safetensors")
///
///     let checkpoint = try Checkpoint(contentsOf: "digits.safetensors")
///     try model.load(checkpoint.tensors("model", like: model.state()))
///     schedule = try checkpoint.decode(Schedule.self, "schedule")
///
/// The file is a safetensors file, where the tensors are named `section.name`. Checksums find every altered byte, and
/// all is read and checked before anything can be loaded from it. To change a file's weights elsewhere, write them as
/// ``SafeTensors``.
public struct Checkpoint: Sendable {
  private var sections: [String: [String: Tensor]] = [:]
  /// JSON by name.
  var values: [String: String] = [:]
  /// Where the checkpoint was read, for messages.
  let file: String

  /// An empty checkpoint, to be written.
  public init() { file = "checkpoint" }

  /// The tensors of a section by name; those of a section that is not there are none.
  ///
  /// - Errors: traps when a section is set whose name is empty or has a dot.
  public subscript(section: String) -> [String: Tensor] {
    get { sections[section] ?? [:] }
    set { if isName(section) { sections[section] = newValue } }
  }

  /// Whether a name can be told from the names of the tensors behind it, and from the file's own.
  func isName(_ name: String) -> Bool {
    if !name.isEmpty, !name.utf8.contains(UInt8(ascii: ".")) { return true }
    Context.current.fail(
      TensorError.argument("Checkpoint", expected: "a name without dots", got: "'\(name)'"))
    return false
  }
}

extension Checkpoint {
  /// Reads a file and checks all of it.
  ///
  /// - Errors: `CheckpointError` when there is no such file, or it is truncated, altered, no checkpoint or one of a
  ///   newer version.
  public init(contentsOf path: String) throws(CheckpointError) {
    let file = try SafeTensorsFile(path)
    try self.init(headerOf: file)
    let checksums = try Seal.checksums(of: file)
    for (name, tensor) in try file.tensors() {
      let checksum = try tensor.checksum(for: path, name)
      guard checksums[name] == checksum else {
        throw CheckpointError(
          .damaged, path, name, expected: "data with the checksum \(checksums[name] ?? "")",
          got: checksum)
      }
      let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      sections[String(parts[0]), default: [:]][parts.count > 1 ? String(parts[1]) : ""] = tensor
    }
  }

  /// Reads the values only.
  init(headerOf file: SafeTensorsFile) throws(CheckpointError) {
    try Seal.check(file)
    self.file = file.path
    values = file.header.metadata.filter { !$0.key.utf8.contains(UInt8(ascii: ".")) }
  }

  /// Writes a file. It appears, in place of an older one, once all of it is on the disk.
  ///
  /// - Errors: `CheckpointError` when the system refuses, or a tensor is the result of a call that failed; then there
  ///   is what there was before.
  public func write(to path: String) throws(CheckpointError) {
    var tensors: [String: Tensor] = [:]
    for (section, members) in sections {
      for (name, tensor) in members { tensors["\(section).\(name)"] = tensor }
    }
    var checksums: [String: String] = [:]
    for (name, tensor) in tensors { checksums[name] = try tensor.checksum(for: path, name) }
    var header = SafeTensorsHeader(tensors, metadata: values)
    let order = header.entries.map(\.name)
    let bytes = Seal.close(&header, checksums: checksums)
    try SafeTensorsFile.write(bytes, tensors, in: order, to: path)
  }

  /// The tensors of a section, once they are known to have the names, shapes and dtypes of others.
  ///
  /// - Errors: `CheckpointError` for the first that is missing, that others do not have, or that differs.
  public func tensors(
    _ section: String, like others: [String: Tensor]
  ) throws(CheckpointError) -> [String: Tensor] {
    let tensors = self[section]
    for name in Set(tensors.keys).union(others.keys).sorted() {
      guard tensors[name]?.specification != others[name]?.specification else { continue }
      throw mismatch(
        "\(section).\(name)", expected: others[name]?.words ?? "no tensor of this name",
        got: tensors[name]?.words ?? "none")
    }
    return tensors
  }

  /// Runs `body`, in which memory may run out and nothing else goes wrong without an error of a checkpoint.
  package func withinMemory<Result>(
    _ body: () throws -> Result
  ) throws(CheckpointError) -> Result {
    do {
      return try validated(body)
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError(.memory, file, nil, expected: "memory for its tensors", got: "\(error)")
    }
  }

  func mismatch(_ name: String, expected: String, got: String) -> CheckpointError {
    CheckpointError(.mismatch, file, name, expected: expected, got: got)
  }
}

extension Tensor {
  fileprivate var specification: TensorSpec { TensorSpec(shape, dtype) }

  fileprivate var words: String { "\(dtype) of \(shape)" }

  fileprivate func checksum(
    for file: String, _ name: String
  ) throws(CheckpointError) -> String {
    try ordered(for: file, name).withBytes { Checksum(of: UnsafeRawBufferPointer($0)).text }
  }
}
