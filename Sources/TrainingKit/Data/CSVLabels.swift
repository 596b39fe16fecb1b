/// The labels of a table as they are read.
struct CSVLabels {
  private enum Spelling { case wholeNumbers, words, numbers }

  private var spelling: Spelling?
  private var codes: [Int] = []
  private var names: [String] = []
  private var codeOfName: [String: Int] = [:]
  /// Whether words were given beforehand, so that there can be no others.
  private let isClosed: Bool

  /// The labels that are numbers to predict.
  private(set) var numbers: [Float] = []

  init(_ format: CSVFormat) {
    isClosed = format.labelNames != nil
    names = format.labelNames ?? []
    for (code, name) in names.enumerated() { codeOfName[name] = code }
    spelling = format.kind == .numbers ? .numbers : isClosed ? .words : nil
  }

  var count: Int { codes.count + numbers.count }

  /// Takes a label; what was expected when it is none.
  mutating func append(_ field: CSVScanner.Field, of scanner: CSVScanner) -> String? {
    if spelling == nil {
      let isNumber = DecimalNumber.float(scanner.bytes, field.range) != nil
      spelling = isNumber ? .wholeNumbers : .words
    }
    switch spelling {
    case .words: return append(scanner.text(field))
    case .numbers:
      let value = DecimalNumber.float(scanner.bytes, field.range)
      guard let value, value.isFinite else { return "a number" }
      numbers.append(value)
    default:
      let value = DecimalNumber.integer(scanner.bytes, field.range)
      guard let value, (0..<10_000).contains(value) else { return "a label of 0 to 9999" }
      codes.append(value)
    }
    return nil
  }

  private mutating func append(_ name: String) -> String? {
    if let code = codeOfName[name] {
      codes.append(code)
      return nil
    }
    guard !isClosed else { return "one of " + names.joined(separator: ", ") }
    codeOfName[name] = names.count
    codes.append(names.count)
    names.append(name)
    return nil
  }

  /// The classes of the rows, and the words that they stand for.
  var classes: (codes: [Int], names: [String]) {
    guard spelling == .words, !isClosed else { return (codes, names) }
    let order = names.indices.sorted { names[$0] < names[$1] }
    var rank = order
    for (place, code) in order.enumerated() { rank[code] = place }
    return (codes.map { rank[$0] }, order.map { names[$0] })
  }
}
