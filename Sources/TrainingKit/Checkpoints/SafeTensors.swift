#if _endian(big)
  #error("SafeTensors: expected a machine whose numbers are little-endian, as the format's are")
#endif

/// Tensors by name in one file of the safetensors format, which Python's `safetensors` reads and writes.
///
///     try SafeTensors(model.state()).write(to: "digits.safetensors")
///     try model.load(SafeTensors(contentsOf: "digits.safetensors").tensors)
///
/// Files are read as strictly as the format asks: any bytes at all give tensors or an error.
///
/// - Source: https://github.com/huggingface/safetensors, "Format".
public struct SafeTensors: Sendable {
  /// The tensors by name.
  public var tensors: [String: Tensor]
  /// Texts by name.
  public var metadata: [String: String]

  /// The contents of a file to be written.
  public init(_ tensors: [String: Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Reads a file.
  ///
  /// - Errors: `CheckpointError` when there is no such file, or it is truncated, damaged or of another format, or has
  ///   dtypes that tensors do not have.
  public init(contentsOf path: String) throws(CheckpointError) {
    let file = try SafeTensorsFile(path)
    metadata = file.header.metadata
    tensors = try file.tensors()
  }

  /// Writes a file. It appears, in place of an older one, once all of it is on the disk.
  ///
  /// - Errors: `CheckpointError` when the system refuses, or a tensor is the result of a call that failed; then there
  ///   is what there was before.
  public func write(to path: String) throws(CheckpointError) {
    let header = SafeTensorsHeader(tensors, metadata: metadata)
    try SafeTensorsFile.write(header.encoded, tensors, in: header.entries.map(\.name), to: path)
  }
}

/// A file whose header has been read.
struct SafeTensorsFile {
  let path: String
  /// As it stands in the file, with its length.
  let headerBytes: [UInt8]
  let header: SafeTensorsHeader
  private let reader: SequentialFile

  init(_ path: String) throws(CheckpointError) {
    self.path = path
    reader = try SequentialFile(path)
    let length = try reader.bytes(8)
    let count = length.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    let rest = reader.byteCount - 8
    guard count <= min(rest, SafeTensorsHeader.largestByteCount) else {
      throw CheckpointError(
        .damaged, path, nil,
        expected: "a header of at most \(min(rest, SafeTensorsHeader.largestByteCount)) bytes",
        got: "one of \(count)")
    }
    let text = try reader.bytes(Int(count))
    headerBytes = length + text
    header = try SafeTensorsHeader(text, dataByteCount: rest - text.count, of: path)
  }

  /// Reads the tensors, or some of them, which is done once.
  func tensors(_ names: Set<String>? = nil) throws(CheckpointError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for entry in header.entries {
      if names?.contains(entry.name) == false {
        try reader.skip(entry.spec.shape.count * entry.spec.dtype.byteCount)
      } else {
        tensors[entry.name] = try tensor(of: entry)
      }
    }
    return tensors
  }

  /// A tensor of the file on the device of the scope.
  private func tensor(of entry: SafeTensorsHeader.Entry) throws(CheckpointError) -> Tensor {
    let device = Device.current
    if device == .cpu { return try read(entry) }
    let tensor = try Context.current.computing(on: Device.cpu.backend) {
      () throws(CheckpointError) in try read(entry)
    }
    return try tensor.moved(to: device, path, entry.name)
  }

  private func read(_ entry: SafeTensorsHeader.Entry) throws(CheckpointError) -> Tensor {
    let tensor: Tensor
    do throws(DeviceError) {
      tensor = try Context.current.allocated(entry.spec, for: entry.name)
    } catch {
      throw .memory(error, path, entry.name)
    }
    try tensor.withBytes { bytes throws(CheckpointError) in
      try reader.read(into: bytes, entry.name)
      // Any other byte is no value of a Bool.
      if entry.spec.dtype == .bool, let stray = bytes.first(where: { $0 > 1 }) {
        throw CheckpointError(
          .damaged, path, entry.name, expected: "bools of 0 or 1", got: "a byte of \(stray)")
      }
    }
    return tensor
  }

  /// Writes a header and, behind it, the tensors in the order given.
  static func write(
    _ header: [UInt8], _ tensors: [String: Tensor], in order: [String], to path: String
  ) throws(CheckpointError) {
    guard header.count - 8 <= SafeTensorsHeader.largestByteCount else {
      throw CheckpointError(
        .unsupported, path, nil,
        expected: "a header of at most \(SafeTensorsHeader.largestByteCount) bytes",
        got: "one of \(header.count - 8)")
    }
    if tensors["__metadata__"] != nil {
      throw CheckpointError(
        .unsupported, path, "__metadata__", expected: "another name", got: "the format's own")
    }
    try AtomicFile.write(to: path) { writer throws(CheckpointError) in
      try header.withUnsafeBufferPointer { bytes throws(CheckpointError) in
        try writer.write(UnsafeRawBufferPointer(bytes))
      }
      for name in order {
        try tensors[name]!.ordered(for: path, name).withBytes { bytes throws(CheckpointError) in
          try writer.write(UnsafeRawBufferPointer(bytes))
        }
      }
    }
  }
}

extension SequentialFile {
  fileprivate func bytes(_ count: Int) throws(CheckpointError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer), nil)
    }
    return bytes
  }
}

extension Tensor {
  /// The elements without gaps, for a file.
  func ordered(for file: String, _ name: String) throws(CheckpointError) -> Tensor {
    guard !isHollow else {
      throw CheckpointError(
        .unsupported, file, name, expected: "a result", got: "that of a call that failed")
    }
    if device != .cpu { return try moved(to: .cpu, file, name) }
    if layout.isContiguous { return self }
    let context = Context.current
    do throws(DeviceError) {
      let tensor = try context.allocated(TensorSpec(shape, dtype), for: name)
      do throws(DeviceFault) {
        try context.backend.copy(self, into: tensor)
      } catch {
        throw context.circumstance(error, name)
      }
      return tensor
    } catch {
      throw .memory(error, file, name)
    }
  }

  /// The elements on another device.
  fileprivate func moved(
    to device: Device, _ file: String, _ name: String
  ) throws(CheckpointError) -> Tensor {
    do {
      return try validated { to(device) }
    } catch let error as DeviceError {
      throw .memory(error, file, name)
    } catch {
      throw CheckpointError(
        .unsupported, file, name, expected: "a result", got: "that of a call that failed")
    }
  }

  /// The bytes of elements without gaps.
  func withBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws(CheckpointError) -> Result
  ) throws(CheckpointError) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(
      UnsafeMutableRawBufferPointer(start: address, count: count * dtype.byteCount))
  }
}
