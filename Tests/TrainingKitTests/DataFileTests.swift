import Foundation
import TestSupport
import TrainingKit
import XCTest

/// Files of one test, gone with it.
final class DataFolder {
  private let folder: URL

  init() throws {
    // In memory where there is such a folder: many files come and go.
    let memory = "/dev/shm"
    let isThere = FileManager.default.isWritableFile(atPath: memory)
    let base = isThere ? URL(fileURLWithPath: memory) : FileManager.default.temporaryDirectory
    folder = base.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }
}

/// Tables in text.
final class DataTableTests: XCTestCase {
  private let folder = try! DataFolder()

  private func table(
    _ text: String, label: CSVTable.LabelColumn = .last, labels: CSVTable.LabelKind = .classes,
    delimiter: Character = ",", hasHeader: Bool? = nil, missing: CSVTable.Missing = .refused,
    labelNames: [String]? = nil
  ) throws -> CSVTable {
    try CSVTable(
      path: folder.file("t.csv", text.utf8), label: label, labels: labels, delimiter: delimiter,
      hasHeader: hasHeader, missing: missing, labelNames: labelNames)
  }

  private func assertRefused(
    _ sentence: String, line: UInt = #line, _ body: () throws -> CSVTable
  ) {
    XCTAssertThrowsError(try body(), line: line) { error in
      XCTAssertTrue(error is DataError, "\(error)", line: line)
      XCTAssertTrue("\(error)".hasSuffix("t.csv" + sentence), "\(error)", line: line)
    }
  }

  func testNumbersAndWholeLabels() throws {
    let table = try table("1,-2.5,0\n3e-1, +4. ,2\r\n\n  \n.5,1E2,1.0")
    XCTAssertEqual(table.features.shape, [3, 2])
    XCTAssertEqual(table.features.dtype, .float32)
    XCTAssertEqual(table.features.elements(), [1, -2.5, 0.3, 4, 0.5, 100] as [Float])
    XCTAssertEqual(table.labels.elements(), [0, 2, 1])
    XCTAssertEqual(table.labels.dtype, .int64)
    XCTAssertEqual([table.featureNames, table.labelNames], [[], []])
    XCTAssertEqual(table.dataset.batch(at: [2]).y.elements(), [1])
  }

  func testAFirstLineWithoutNumbersNamesTheColumns() throws {
    let text = "width,\"kind, or class\",height\n1,4,2\n3,5,4\n"
    XCTAssertEqual(try table(text).featureNames, ["width", "kind, or class"])
    let named = try table(text, label: .named("kind, or class"))
    XCTAssertEqual(named.featureNames, ["width", "height"])
    XCTAssertEqual(named.features.elements(), [1.0, 2, 3, 4])
    XCTAssertEqual(named.labels.elements(), [4, 5])
    let numbered = try table("0,1,2\n5,6,7\n", label: .named("1"), hasHeader: true)
    XCTAssertEqual(numbered.featureNames, ["0", "2"])
    XCTAssertEqual(numbered.features.elements(), [5.0, 7])
    XCTAssertEqual(
      try table("\u{FEFF}a,b\n1,2\n", label: .named("a")).labels.elements(), [1])
    assertRefused(":1: expected a column \"c\", got a, b") {
      try table("a,b\n1,2\n", label: .named("c"))
    }
    assertRefused(":1: expected a column \"c\", got no names") {
      try table("1,2\n", label: .named("c"))
    }
    assertRefused(":1: expected a number in column 1, got \"a\"") {
      try table("a,b\n1,2\n", hasHeader: false)
    }
  }

  func testWordsAreClassesInAlphabeticalOrder() throws {
    let training = try table("1,pear\n2,\"apple, \"\"red\"\"\"\n3,pear\n4, fig \n")
    XCTAssertEqual(training.labelNames, ["apple, \"red\"", "fig", "pear"])
    XCTAssertEqual(training.labels.elements(), [2, 0, 2, 1])
    let heldOut = try table("1,pear\n", labelNames: training.labelNames)
    XCTAssertEqual(heldOut.labels.elements(), [2])
    XCTAssertEqual(heldOut.labelNames, training.labelNames)
    XCTAssertEqual(try table("1,7\n", labelNames: ["9", "7"]).labels.elements(), [1])
    assertRefused(":2: expected one of a, b in column 2, got \"c\"") {
      try table("1,a\n1,c\n", labelNames: ["a", "b"])
    }
    assertRefused(":2: expected a label of 0 to 9999 in column 2, got \"x\"") {
      try table("1,0\n1,x\n")
    }
  }

  func testLabelsMayBeNumbersToPredict() throws {
    let table = try table("1,0.25\n2,-1e3\n", labels: .numbers)
    XCTAssertEqual(table.labels.dtype, .float32)
    XCTAssertEqual(table.labels.elements(), [0.25, -1000])
    XCTAssertEqual(table.labelNames, [])
    assertRefused(":1: expected a number in column 2, got \"x\"") {
      try self.table("1,x\n", labels: .numbers)
    }
  }

  func testQuotedFieldsMayHoldLines() throws {
    let table = try table("a,b\n\"1\",\"x\ny\"\n\"2\" ,z\n")
    XCTAssertEqual(table.labelNames, ["x\ny", "z"])
    XCTAssertEqual(table.features.elements(), [1.0, 2])
    assertRefused(":4: expected 2 columns, got 3") { try self.table("a,b\n1,\"x\ny\"\n1,2,3\n") }
    assertRefused(":2: expected a closing quote, got the end of the file") {
      try self.table("1,a\n2,\"b\n3,c\n")
    }
    assertRefused(":1: expected a delimiter after a closing quote, got \"c\"") {
      try self.table("1,\"b\"c\n")
    }
  }

  func testOtherDelimiters() throws {
    for (delimiter, text) in [
      (";", "1;2;0\n"), ("\t", "1\t2\t0\n"), ("|", "1|2|0"), (" ", "1 2 0"),
    ] {
      XCTAssertEqual(
        try table(text, delimiter: Character(delimiter)).features.elements(), [1.0, 2])
    }
    for delimiter: Character in ["\"", "\n", "\r\n", "5", "é", "."] {
      XCTAssertThrowsError(try validated { try table("1,2\n", delimiter: delimiter) }) {
        XCTAssertTrue($0 is TensorError, "\($0)")
      }
    }
  }

  func testMissingFields() throws {
    let text = "1,2,0\n?,4,1\n5,NA,2\n7,8,\n"
    assertRefused(":2: expected a number in column 1, got \"?\"") { try table(text) }
    assertRefused(":2: expected a number in column 2 (b), got \"\"") { try table("a,b,c\n1,,0\n") }
    assertRefused(":4: expected a label in column 3, got \"\"") {
      try table(text, missing: .replaced(by: -1))
    }
    let replaced = try table("1,,0\nnan,null,1\n", missing: .replaced(by: -1))
    XCTAssertEqual(replaced.features.elements(), [1.0, -1, -1, -1])
    let dropped = try table(text, missing: .dropped)
    XCTAssertEqual(dropped.features.elements(), [1.0, 2])
    XCTAssertEqual(dropped.labels.elements(), [0])
    assertRefused(":1: expected a number in column 1, got \"x\"") {
      try table("x,1\n", missing: .dropped)
    }
    assertRefused(": expected rows of numbers, got none") { try table("?,1\n", missing: .dropped) }
  }

  func testWhatIsNoTable() {
    for (text, sentence) in [
      ("", ": expected data, got an empty file"), ("\n\n", ": expected rows of numbers, got none"),
      ("a,b\n", ": expected rows of numbers, got none"),
      ("1\n", ":1: expected features and a label, got one column"),
      ("1,2\n1\n", ":2: expected 2 columns, got 1"),
      ("1,2,0\n1,2,3,0\n", ":2: expected 3 columns, got 4"),
      ("1,1e39,0\n", ":1: expected a number in column 2, got \"1e39\""),
      ("1,0x10,0\n", ":1: expected a number in column 2, got \"0x10\""),
      ("1,1e,0\n", ":1: expected a number in column 2, got \"1e\""),
      ("1,.,0\n", ":1: expected a number in column 2, got \".\""),
      ("1,inf,0\n", ":1: expected a number in column 2, got \"inf\""),
      ("1,1 2,0\n", ":1: expected a number in column 2, got \"1 2\""),
      ("1,-1\n", ":1: expected a label of 0 to 9999 in column 2, got \"-1\""),
      ("1,0.5\n", ":1: expected a label of 0 to 9999 in column 2, got \"0.5\""),
      ("1,10000\n", ":1: expected a label of 0 to 9999 in column 2, got \"10000\""),
      (
        "1,99999999999999999999\n",
        ":1: expected a label of 0 to 9999 in column 2, got \"99999999999999999999\""
      ),
    ] {
      assertRefused(sentence) { try table(text) }
    }
  }

  /// Every number is the float32 nearest to what is written.
  func testNumbersAreRoundedOnce() throws {
    var texts = [
      "0", "-0", "1", "16777217", "16777219", "3.4028235e38", "-3.4028235677973362e38", "1e-45",
      "7.006492321624085e-46", "7.006492321624086e-46", "1.1754943508222875e-38", "0.1",
      "1.00000005960464477539062", "1.00000005960464477539063", "1.000000059604644775390625",
      "123456789012345678901234567890", "0.000000000000000000000000000000000000012345",
      "00000000000000000000000000000000001.5", "1.50000000000000000000000000000000000000000000000",
      "9007199254740993", "18446744073709551615", "1844674407370955161599999", "1e+5", "12e-0005",
    ]
    var random = SystemRandomNumberGenerator.Repeatable(state: 42)
    for _ in 0..<20_000 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      guard value.isFinite else { continue }
      let digits = Int(random.next() % 20)
      texts.append("\(value)")
      texts.append(String(format: "%.\(digits)e", Double(value)))
      texts.append(
        String(format: "%.\(digits)f", Double(Int64(bitPattern: random.next()) >> 20) / 3e5))
      // Halfway between two floats, and a digit beside.
      let middle = (Double(value) + Double(value.nextUp)) / 2
      texts.append(String(format: "%.40e", middle))
    }
    let read = try table(texts.joined(separator: ",1\n") + ",1\n").features.elements(Float.self)
    XCTAssertEqual(read.count, texts.count)
    for (text, value) in zip(texts, read) {
      XCTAssertEqual(value.bitPattern, Float(text)!.bitPattern, text)
    }
    print("numbers in text: \(texts.count)")
  }
}

extension SystemRandomNumberGenerator {
  /// The same numbers in every run (SplitMix64).
  struct Repeatable: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      return bits ^ (bits >> 31)
    }
  }
}

/// Arrays of bytes, images and text.
final class DataFileTests: XCTestCase {
  private let folder = try! DataFolder()

  private func assertRefused(
    _ sentence: String, line: UInt = #line, _ body: () throws -> Void
  ) {
    XCTAssertThrowsError(try body(), line: line) { error in
      XCTAssertTrue(error is DataError, "\(error)", line: line)
      XCTAssertTrue("\(error)".hasSuffix(sentence), "\(error)", line: line)
    }
  }

  private func idx(_ bytes: [UInt8]) throws -> Tensor {
    try IDX.tensor(at: folder.file("i.idx", bytes))
  }

  func testFilesThatCannotBeRead() throws {
    let path = folder.path("none")
    assertRefused("none: expected a file that can be read, got No such file or directory") {
      _ = try IDX.tensor(at: path)
    }
    assertRefused("got Is a directory") { _ = try CSVTable(path: folder.path("")) }
    assertRefused("expected data, got an empty file") {
      _ = try TextDataset(path: folder.file("e", []), context: 1)
    }
    XCTAssertThrowsError(try IDX.tensor(at: path)) { error in
      let error = error as? DataError
      XCTAssertEqual([error?.file, error?.got], [path, "No such file or directory"])
      XCTAssertEqual(error?.place, .file)
    }
    #if os(Linux)
      // A file that does not tell its size.
      XCTAssertGreaterThan(try TextDataset(path: "/proc/self/status", context: 1).byteCount, 100)
    #endif
  }

  func testEveryTypeOfElement() throws {
    let pair: [UInt8] = [0, 0, 0, 2]
    let cases: [(UInt8, [UInt8], DType, [Double])] = [
      (0x08, [0, 255], .uint8, [0, 255]), (0x09, [1, 0x80], .int32, [1, -128]),
      (0x0B, [0x01, 0x02, 0xFF, 0xFE], .int32, [258, -2]),
      (0x0C, [0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], .int32, [65536, -1]),
      (0x0D, [0x3F, 0x80, 0, 0, 0xC0, 0x20, 0, 0], .float32, [1, -2.5]),
      (
        0x0E, [0x3F, 0xB9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A, 0, 0, 0, 0, 0, 0, 0, 0], .float64,
        [0.1, 0]
      ),
    ]
    for (type, elements, dtype, expected) in cases {
      let tensor = try idx([0, 0, type, 1] + pair + elements)
      XCTAssertEqual(tensor.dtype, dtype)
      XCTAssertEqual(tensor.elements(), expected)
      let square = try idx([0, 0, type, 2] + pair + pair + elements + elements)
      XCTAssertEqual(square.shape, [2, 2])
      XCTAssertEqual(square.elements(), expected + expected)
      assertRefused("expected elements for [2], got \(elements.count - 1) bytes") {
        _ = try idx([0, 0, type, 1] + pair + elements.dropLast())
      }
    }
    XCTAssertEqual(try idx([0, 0, 8, 0, 7]).shape, [])
    XCTAssertEqual(try idx([0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 3]).shape, [0, 3])
  }

  func testWhatIsNoIDXFile() {
    let magic = "expected the bytes 0 0, a type of 8 to e and a rank of 0 to 8 of an IDX file, got "
    assertRefused("expected an uncompressed file, got gzip; run gunzip on it first") {
      _ = try idx([0x1F, 0x8B, 8, 0])
    }
    for (bytes, got) in [
      ([0], "0"), ([1, 0, 8, 1], "1 0 8 1"), ([0, 0, 10, 1], "0 0 a 1"), ([0, 0, 8, 9], "0 0 8 9"),
    ] as [([UInt8], String)] {
      assertRefused(magic + got) { _ = try idx(bytes) }
    }
    assertRefused("expected 2 extents at byte 4, got the end of the file") {
      _ = try idx([0, 0, 8, 2, 0, 0, 0, 1])
    }
    let most = [UInt8](repeating: 255, count: 4)
    assertRefused("got 0 bytes") { _ = try idx([0, 0, 14, 3] + most + most + most) }
    let nothing = [0, 0, 8, 8, 0, 0, 0, 0] + [UInt8](repeating: 255, count: 28)
    assertRefused("got 0 bytes") { _ = try idx(nothing) }
  }

  func testImagesAndLabels() throws {
    let images = try folder.file(
      "images", [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 51, 102, 153, 204, 255])
    let labels = try folder.file("labels", [0, 0, 8, 1, 0, 0, 0, 2, 7, 9])
    let all = try TensorDataset.idx(images: images, labels: labels).all
    XCTAssertEqual(all.x.shape, [2, 1, 1, 3])
    XCTAssertEqual(all.x.dtype, .uint8)
    XCTAssertEqual(all.x.elements(), [0, 51, 102, 153, 204, 255])
    XCTAssertEqual(all.y.elements(), [7, 9])
    assertRefused("images: expected the bytes 0 0 8 1 of an IDX file, got 0 0 8 3") {
      _ = try TensorDataset.idx(images: images, labels: images)
    }
    let one = try folder.file("one", [0, 0, 8, 1, 0, 0, 0, 1, 7])
    assertRefused("one: expected 2 labels, got 1") {
      _ = try TensorDataset.idx(images: images, labels: one)
    }
    let flat = try folder.file("flat", [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3])
    assertRefused("flat: expected elements for [2, 0, 3], got 0 bytes") {
      _ = try TensorDataset.idx(images: flat, labels: labels)
    }
  }

  private func record(_ labels: [UInt8], _ image: Int) -> [UInt8] {
    labels + (0..<3072).map { UInt8(truncatingIfNeeded: $0 / 1024 * 100 + $0 % 1024 + image) }
  }

  func testCIFAR() throws {
    let first = try folder.file("1", record([3], 0) + record([9], 1))
    let second = try folder.file("2", record([0], 2))
    let ten = try TensorDataset.cifar10([first, second])
    XCTAssertEqual(ten.all.x.shape, [3, 3, 32, 32])
    XCTAssertEqual(ten.all.y.elements(), [3, 9, 0])
    XCTAssertEqual(ten.all.x[2, 1, 0, 5].item(), 107)
    XCTAssertEqual(ten.all.x.dtype, .uint8)
    let hundred = try folder.file("3", record([19, 99], 0) + record([4, 50], 0))
    XCTAssertEqual(try TensorDataset.cifar100([hundred]).all.y.elements(), [99, 50])
    XCTAssertEqual(try TensorDataset.cifar100([hundred], label: .coarse).all.y.elements(), [19, 4])
    XCTAssertEqual(try TensorDataset.cifar100([hundred]).all.x[1, 0, 0, 3].item(), 3)
  }

  func testWhatIsNoCIFARFile() throws {
    let short = try folder.file("s", record([1], 0).dropLast())
    assertRefused("s: expected records of 3073 bytes, got 3072 bytes") {
      _ = try TensorDataset.cifar10([short])
    }
    let stray = try folder.file("x", record([1], 0) + record([10], 0))
    assertRefused("x: expected a label below 10 at byte 3073, got 10") {
      _ = try TensorDataset.cifar10([stray])
    }
    let coarse = try folder.file("c", record([20, 1], 0))
    assertRefused("c: expected a label below 20 at byte 0, got 20") {
      _ = try TensorDataset.cifar100([coarse])
    }
    XCTAssertThrowsError(try validated { try TensorDataset.cifar10([]) }) {
      XCTAssertEqual("\($0)", "CIFAR: expected the path of a file or more, got none")
    }
  }

  func testWindowsOfText() throws {
    let text = try TextDataset(Array("abcabd".utf8), context: 2)
    XCTAssertEqual(text.vocabulary, Array("abcd".utf8))
    XCTAssertEqual([text.count, text.byteCount, text.context], [2, 6, 2])
    let batch = text.batch(at: [1, 0])
    XCTAssertEqual(batch.x.shape, [2, 2])
    XCTAssertEqual(batch.x.dtype, .int64)
    XCTAssertEqual(batch.x.elements(), [2, 0, 0, 1])
    XCTAssertEqual(batch.y.elements(), [0, 1, 1, 2])
    XCTAssertEqual(text.text(of: [3, 0, 7, -1, 1]), "dab")
    XCTAssertThrowsError(try validated { text.batch(at: [2]) })
    let close = try TextDataset(Array("abcabd".utf8), context: 3, stride: 1)
    XCTAssertEqual(close.count, 3)
    XCTAssertEqual(close.all.y.elements(), [1, 2, 0, 2, 0, 1, 0, 1, 3])
  }

  func testEveryLengthOfText() throws {
    for length in 0..<12 {
      for (context, stride) in [(1, 1), (2, 1), (3, 3), (2, 5), (20, 1)] {
        let text = try TextDataset(
          (0..<length).map { UInt8($0) }, context: context, stride: stride, vocabulary: .all)
        let starts = Swift.stride(from: 0, to: max(0, length - context), by: stride)
        XCTAssertEqual(text.count, Array(starts).count, "\(length) \(context) \(stride)")
        let expected = starts.flatMap { Array($0..<($0 + context)) }
        XCTAssertEqual(text.all.x.elements(), expected)
        XCTAssertEqual(text.all.y.elements(), expected.map { $0 + 1 })
      }
    }
  }

  func testVocabularies() throws {
    let path = try folder.file("t.txt", Array("hello".utf8) + [200, 10])
    XCTAssertEqual(
      try TextDataset(path: path, context: 1).vocabulary, [10] + Array("ehlo".utf8) + [200])
    let all = try TextDataset(path: path, context: 6, vocabulary: .all)
    XCTAssertEqual(all.vocabulary.count, 256)
    XCTAssertEqual(all.all.y.elements(), [101, 108, 108, 111, 200, 10])
    assertRefused("t.txt: expected a byte of the vocabulary at byte 5, got 200") {
      _ = try TextDataset(path: path, context: 1, vocabulary: .given(Array("olleh".utf8)))
    }
    let again = try TextDataset(
      Array("ole".utf8), context: 1, vocabulary: .given(Array("eho".utf8) + Array("l".utf8)))
    XCTAssertEqual(again.all.x.elements(), [2, 3])
    for (context, stride) in [(0, 1), (1, 0), (-1, 1)] {
      XCTAssertThrowsError(
        try validated { try TextDataset([1, 2], context: context, stride: stride) }
      ) { XCTAssertTrue($0 is TensorError, "\($0)") }
    }
  }
}
