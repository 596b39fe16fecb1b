/// Why a file of tensors was not read or written, or does not fit what it is to be loaded into.
public struct CheckpointError: Error, Sendable, Hashable {
  /// What kind of trouble it was.
  public enum Kind: Sendable, Hashable {
    /// The system refused: there is no such file or folder, no permission, or the disk is full.
    case system
    /// There is not enough memory for what the file holds.
    case memory
    /// The file is truncated, altered or of another format.
    case damaged
    /// The file has what this release does not know: a newer version, a dtype, more than eight axes.
    case unsupported
    /// The file is whole, but holds something else: other names, shapes or settings.
    case mismatch
  }

  /// What kind of trouble it was.
  public let kind: Kind
  /// The path of the file.
  public let file: String
  /// The name of the tensor or value in the file; nil when it is the file as a whole.
  public let name: String?
  /// What would have been right.
  public let expected: String
  /// What came.
  public let got: String

  package init(_ kind: Kind, _ file: String, _ name: String?, expected: String, got: String) {
    self.kind = kind
    self.file = file
    self.name = name
    self.expected = expected
    self.got = got
  }
}

extension CheckpointError: CustomStringConvertible {
  /// `file: name: expected …, got …`.
  public var description: String {
    "\(file): " + (name.map { $0 + ": " } ?? "") + "expected \(expected), got \(got)"
  }
}

extension CheckpointError {
  /// That there was no memory for a tensor.
  static func memory(_ error: DeviceError, _ file: String, _ name: String) -> Self {
    Self(.memory, file, name, expected: "memory for it", got: "none: \(error)")
  }
}
