extension StepRecord: Codable {
  private enum Key: CodingKey { case step, skip, batch, details }

  /// Writes what is known, under the names of ``Quantity``; numbers that are not finite as text, as JSON has none.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(step, forKey: .step)
    try container.encodeIfPresent(skip, forKey: .skip)
    try container.encodeIfPresent(batch, forKey: .batch)
    try container.encodeIfPresent(details, forKey: .details)
    var numbers = encoder.container(keyedBy: Quantity.self)
    for quantity in Quantity.allCases {
      guard let value = self[quantity] else { continue }
      if value.isFinite {
        try numbers.encode(value, forKey: quantity)
      } else {
        try numbers.encode("\(value)", forKey: quantity)
      }
    }
  }

  /// Reads a record.
  ///
  /// - Errors: `DecodingError` for text that is no number, or a missing step.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      step: try container.decode(Int.self, forKey: .step),
      skip: try container.decodeIfPresent(Skip.self, forKey: .skip),
      batch: try container.decodeIfPresent(BatchIdentity.self, forKey: .batch),
      details: try container.decodeIfPresent(StepDetails.self, forKey: .details))
    let numbers = try decoder.container(keyedBy: Quantity.self)
    for quantity in Quantity.allCases where numbers.contains(quantity) {
      self[quantity] = try StepRecord.number(quantity, in: numbers)
    }
  }

  private static func number(
    _ quantity: Quantity, in numbers: KeyedDecodingContainer<Quantity>
  ) throws -> Double? {
    if try numbers.decodeNil(forKey: quantity) { return nil }
    if let value = try? numbers.decode(Double.self, forKey: quantity) { return value }
    let text = try numbers.decode(String.self, forKey: quantity)
    guard let value = Double(text) else {
      throw DecodingError.dataCorruptedError(
        forKey: quantity, in: numbers,
        debugDescription: "StepRecord: expected a number, got \(text)")
    }
    return value
  }
}
