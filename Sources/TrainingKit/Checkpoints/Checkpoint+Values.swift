#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

extension Checkpoint {
  /// Keeps a value under a name.
  ///
  /// - Numerics: every number comes back to the bit; of NaNs, only that they are.
  /// - Errors: `CheckpointError` when the value cannot be said in JSON. Traps when the name is empty or has a dot.
  public mutating func encode(
    _ value: some Encodable, as name: String
  ) throws(CheckpointError) {
    guard isName(name) else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      values[name] = String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw CheckpointError(
        .unsupported, file, name, expected: "a value that JSON has", got: "\(error)")
    }
  }

  /// The value that was kept under a name.
  ///
  /// - Errors: `CheckpointError` when there is none, or one of another type.
  public func decode<Value: Decodable>(
    _ type: Value.Type, _ name: String
  ) throws(CheckpointError) -> Value {
    guard let text = values[name] else {
      throw mismatch(name, expected: "a value", got: "none")
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try decoder.decode(type, from: Data(text.utf8))
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "\(error)"
      throw mismatch(name, expected: "a value of type \(type)", got: "another value: \(reason)")
    }
  }

  /// Whether a value was kept under a name.
  public func hasValue(_ name: String) -> Bool { values[name] != nil }
}

extension DecodingError {
  fileprivate var reason: String {
    switch self {
    case .dataCorrupted(let context), .keyNotFound(_, let context),
      .typeMismatch(_, let context), .valueNotFound(_, let context):
      context.debugDescription
    @unknown default: "\(self)"
    }
  }
}
