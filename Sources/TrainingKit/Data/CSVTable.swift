/// A table of numbers with a label in every row, read from text.
///
///     let table = try CSVTable(path: "iris.csv", label: .named("species"))
///     table.labelNames                                       // ["setosa", "versicolor", "virginica"]
///     let (training, heldOut) = table.dataset.split(0.8, seed: 0)
///
/// Fields may be quoted. A first line in which no field is a number names the columns.
public struct CSVTable: Sendable {
  /// Which column has the labels.
  public enum LabelColumn: Sendable, Hashable {
    /// The last one.
    case last
    /// The one of this name in the first line.
    case named(String)
  }

  /// What labels are.
  public enum LabelKind: Sendable, Hashable {
    /// Classes: whole numbers from 0 to 9999, or words, depending on the first row.
    case classes
    /// Numbers to predict.
    case numbers
  }

  /// What becomes of fields that are empty, or say `NA`, `NaN`, `nan`, `null` or `?`.
  public enum Missing: Sendable, Hashable {
    /// They are an error.
    case refused
    /// A missing feature has this value; a missing label is an error.
    case replaced(by: Float)
    /// Their rows are left out.
    case dropped
  }

  /// The features, one example a row: float32 [rows, columns].
  public let features: Tensor
  /// The labels: int64 [rows] for classes, float32 [rows] for numbers.
  public let labels: Tensor
  /// The names of the columns of `features`; none when the first line does not tell.
  public let featureNames: [String]
  /// The words that classes stand for, by class, in alphabetical order unless given; none when classes are numbers.
  public let labelNames: [String]

  /// The rows as a dataset.
  public var dataset: TensorDataset { TensorDataset(inputs: features, labels: labels) }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - delimiter: the character between fields.
  ///   - hasHeader: whether the first line names the columns; found out unless given.
  ///   - labelNames: the words that classes stand for, so that a second table gets the classes of the first.
  /// - Numerics: the float32 that is nearest to what is written.
  /// - Errors: `DataError`, with the line. Traps when the delimiter is not an ASCII character that can stand between
  ///   numbers.
  public init(
    path: String, label: LabelColumn = .last, labels kind: LabelKind = .classes,
    delimiter: Character = ",", hasHeader: Bool? = nil, missing: Missing = .refused,
    labelNames: [String]? = nil
  ) throws(DataError) {
    let format = CSVFormat(
      label: label, kind: kind, delimiter: CSVTable.byte(delimiter), hasHeader: hasHeader,
      missing: missing, labelNames: labelNames)
    try self.init(FileReader.bytes(of: path), name: path, format)
  }

  package init(_ bytes: [UInt8], name: String) throws(DataError) {
    try self.init(bytes, name: name, CSVFormat())
  }

  init(_ bytes: [UInt8], name: String, _ format: CSVFormat) throws(DataError) {
    var reader = CSVReader(bytes, name: name, format)
    try reader.readRows()
    let (codes, names) = reader.labels.classes
    let shape: Shape = [reader.labels.count, reader.featureCount]
    features = Tensor(reader.features, shape: shape)
    labels = format.kind == .classes ? Tensor(codes) : Tensor(reader.labels.numbers)
    (featureNames, labelNames) = (reader.featureNames, names)
  }

  private static func byte(_ delimiter: Character) -> UInt8 {
    let stray: Set<UInt8> = Set("\"\n\r+-.0123456789eE".utf8)
    if let byte = delimiter.asciiValue, delimiter != "\r\n", !stray.contains(byte) { return byte }
    Context.current.fail(
      TensorError.argument(
        "CSVTable", expected: "a delimiter of one ASCII character that no number has",
        got: "\"\(delimiter)\""))
    return UInt8(ascii: ",")
  }
}

/// How a table is written.
struct CSVFormat {
  var label = CSVTable.LabelColumn.last
  var kind = CSVTable.LabelKind.classes
  var delimiter = UInt8(ascii: ",")
  var hasHeader: Bool?
  var missing = CSVTable.Missing.refused
  var labelNames: [String]?
}
