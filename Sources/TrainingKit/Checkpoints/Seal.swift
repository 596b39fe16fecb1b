/// What tells a checkpoint from other safetensors files: version and checksums, in the metadata under names with dots.
enum Seal {
  /// The version of files that this release writes, and the newest that it reads.
  static let version = 1

  private enum Key {
    static let version = "trainingkit.version"
    static let header = "trainingkit.checksum"
    static let tensors = "trainingkit.checksums"
  }

  /// Completes a header and gives its bytes.
  static func close(_ header: inout SafeTensorsHeader, checksums: [String: String]) -> [UInt8] {
    header.metadata[Key.version] = "\(version)"
    header.metadata[Key.tensors] = header.entries.map { checksums[$0.name]! }.joined()
    return sealed(header)
  }

  /// The bytes of a header with the checksum of all of them but its own, which count as zeros.
  private static func sealed(_ header: SafeTensorsHeader) -> [UInt8] {
    var header = header
    header.metadata[Key.header] = String(repeating: "0", count: 16)
    header.metadata[Key.header] = header.encoded.withUnsafeBytes { Checksum(of: $0).text }
    return header.encoded
  }

  /// Checks that a file is a checkpoint of a known version and that its header is, to the byte, what was written.
  static func check(_ file: SafeTensorsFile) throws(CheckpointError) {
    guard let text = file.header.metadata[Key.version] else {
      throw CheckpointError(
        .mismatch, file.path, nil, expected: "a checkpoint",
        got: "a safetensors file without \(Key.version)")
    }
    guard let version = Int(text), version >= 1 else {
      throw CheckpointError(
        .damaged, file.path, Key.version, expected: "a number above 0", got: "'\(text)'")
    }
    guard version <= Self.version else {
      throw CheckpointError(
        .unsupported, file.path, Key.version, expected: "\(Self.version) or older",
        got: "\(version), of a newer release")
    }
    guard sealed(file.header) == file.headerBytes else {
      throw CheckpointError(
        .damaged, file.path, Key.header, expected: "a header with its checksum",
        got: "an altered one")
    }
  }

  /// The checksums of a checked file's tensors by name.
  static func checksums(of file: SafeTensorsFile) throws(CheckpointError) -> [String: String] {
    let text = Array((file.header.metadata[Key.tensors] ?? "").utf8)
    let names = file.header.entries.map(\.name)
    guard text.count == 16 * names.count else {
      throw CheckpointError(
        .damaged, file.path, Key.tensors, expected: "\(16 * names.count) digits",
        got: "\(text.count)")
    }
    return Dictionary(
      uniqueKeysWithValues: names.enumerated().map { place, name in
        (name, String(decoding: text[(16 * place)..<(16 * place + 16)], as: UTF8.self))
      })
  }
}
