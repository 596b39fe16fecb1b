/// Makes steps of the scalars of events. What is logged of one step comes in many events.
struct EventScalars: Sendable {
  private(set) var names = ColumnNames()
  private var open: StepRecord?

  /// The steps that an event completes; nil when the bytes are no event.
  mutating func steps(of event: ArraySlice<UInt8>) -> [StepRecord]? {
    guard let fields = ProtocolMessage.fields(of: event) else { return nil }
    let step = fields.last { $0.number == 2 }?.integer ?? 0
    var steps: [StepRecord] = []
    for summary in fields where summary.number == 5 {
      guard let values = ProtocolMessage.fields(of: summary.bytes) else { return nil }
      for value in values where value.number == 1 {
        guard let scalar = EventScalars.scalar(of: value.bytes) else { return nil }
        guard let (tag, number) = scalar.value, case .quantity(let quantity)? = names.column(tag)
        else { continue }
        steps += add(number, as: quantity, at: step)
      }
    }
    return steps
  }

  /// The step that nothing more will be added to.
  mutating func finish() -> StepRecord? {
    defer { open = nil }
    return open
  }

  private mutating func add(_ number: Double, as quantity: Quantity, at step: Int) -> [StepRecord] {
    let isNew = open.map { $0.step != step || $0[quantity] != nil } ?? true
    let complete = isNew ? finish() : nil
    if isNew { open = StepRecord(step: step) }
    open?[quantity] = number
    return complete.map { [$0] } ?? []
  }

  /// A tag and its number; without value for what is no scalar, such as a picture; nil for other bytes.
  private static func scalar(of bytes: ArraySlice<UInt8>) -> (value: (String, Double)?, Void)? {
    guard let fields = ProtocolMessage.fields(of: bytes) else { return nil }
    guard let tag = fields.first(where: { $0.number == 1 })?.bytes else { return (nil, ()) }
    let name = String(decoding: tag, as: UTF8.self)
    if let simple = fields.first(where: { $0.number == 2 }) {
      return ((name, simple.float), ())
    }
    guard let tensor = fields.first(where: { $0.number == 8 }),
      let inner = ProtocolMessage.fields(of: tensor.bytes)
    else { return (nil, ()) }
    return (number(of: inner).map { (name, $0) }, ())
  }

  /// The number of a tensor of one element, in float32 or float64.
  private static func number(of tensor: [ProtocolMessage.Field]) -> Double? {
    let isDouble = tensor.first { $0.number == 1 }?.integer == 2
    let content = tensor.first { $0.number == 4 || $0.number == (isDouble ? 6 : 5) }
    guard let content else { return nil }
    let width = isDouble ? 8 : 4
    if content.bytes.count == width {
      return isDouble
        ? Double(bitPattern: UInt64(littleEndian: content.bytes))
        : Double(Float(bitPattern: UInt32(littleEndian: content.bytes)))
    }
    return content.bytes.isEmpty ? (isDouble ? content.double : content.float) : nil
  }
}
