import Foundation
import TrainingKit
import XCTest

/// Damaged files are read, or refused with a `DataError`: nothing else happens.
final class DataFuzzTests: XCTestCase {
  private let folder = try! DataFolder()

  /// Truncations at every place, and mutations that a seed determines.
  private func variants(of bytes: [UInt8], mutations: Int, alphabet: [UInt8]) -> [[UInt8]] {
    var random = SystemRandomNumberGenerator.Repeatable(state: UInt64(bytes.count))
    let step = max(1, bytes.count / 200)
    var variants = stride(from: 0, to: bytes.count, by: step).map { Array(bytes[..<$0]) }
    for _ in 0..<mutations {
      var copy = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<copy.count, using: &random)
        let byte = alphabet.randomElement(using: &random)!
        switch Int.random(in: 0..<4, using: &random) {
        case 0: copy[place] = byte
        case 1: copy.insert(byte, at: place)
        case 2 where copy.count > 1: copy.remove(at: place)
        default: copy[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
      }
      variants.append(copy)
    }
    return variants
  }

  /// How many variants were read and how many refused.
  private func judge(
    _ name: String, _ variants: [[UInt8]], _ read: (String) throws -> any Dataset
  ) throws {
    var (good, bad) = (0, 0)
    for bytes in variants {
      let path = try folder.file("damaged", bytes)
      do {
        let dataset = try validated { try read(path) }
        let all = dataset.all
        XCTAssertEqual(all.x.shape[0], dataset.count)
        XCTAssertEqual(all.y.shape[0], dataset.count)
        XCTAssertFalse(all.x.isHollow || all.y.isHollow)
        good += 1
      } catch {
        XCTAssertTrue(error is DataError, "\(name): \(error)")
        XCTAssertTrue("\(error)".hasPrefix(path), "\(error)")
        bad += 1
      }
    }
    print("\(name): \(variants.count) damaged files, \(good) read, \(bad) refused")
    XCTAssertGreaterThan(bad, variants.count / 20)
    XCTAssertGreaterThan(good, variants.count / 50)
  }

  func testTables() throws {
    let text =
      "a,\"b \"\"c\"\"\",kind\r\n1,-2.5e3,pear\n\"4\",.25,\"fig\n\"\n7,8,pear\n\n9,1,plum\n"
    let alphabet = Array("\",;\n\r 0123456789eE+-.naNA?x\u{0}é\u{FEFF}".utf8)
    let damaged = variants(of: Array(text.utf8), mutations: 1_500, alphabet: alphabet)
    for missing in [CSVTable.Missing.refused, .dropped] {
      try judge("CSV, \(missing)", damaged) { try CSVTable(path: $0, missing: missing).dataset }
    }
    let numbers = "a;b\n1;2\n3.5;-4e-1\n\n5;\"6\"\n"
    try judge(
      "CSV of numbers", variants(of: Array(numbers.utf8), mutations: 1_500, alphabet: alphabet)
    ) {
      try CSVTable(path: $0, label: .named("a"), labels: .numbers, delimiter: ";").dataset
    }
  }

  func testArrays() throws {
    let alphabet: [UInt8] = [0, 1, 2, 3, 8, 9, 11, 12, 13, 14, 127, 128, 255]
    for type: UInt8 in [8, 9, 11, 12, 13, 14] {
      let size = [8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8][type]!
      let header = [0, 0, type, 2, 0, 0, 0, 3, 0, 0, 0, 2]
      let bytes = header + (0..<(6 * size)).map { UInt8($0 * 37 % 256) }
      let good = try IDX.tensor(at: folder.file("whole", bytes))
      XCTAssertEqual(good.shape, [3, 2])
      // Most of the damage goes to the header, where there is something to get wrong.
      let inHeader = variants(of: header, mutations: 400, alphabet: alphabet).map {
        $0 + bytes.dropFirst(12)
      }
      let anywhere = variants(of: bytes, mutations: 200, alphabet: alphabet)
      try judge("IDX \(type)", inHeader + anywhere) { path in
        let tensor = try IDX.tensor(at: path)
        let rows = tensor.rank > 0 ? tensor : tensor.reshaped([1])
        return TensorDataset(inputs: rows, labels: rows)
      }
    }
  }

  func testImages() throws {
    let pixels =
      [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 3] + [UInt8](repeating: 7, count: 24)
    let labels = try folder.file("labels", [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1])
    let damaged = variants(of: pixels, mutations: 1_000, alphabet: Array(0...8) + [255])
    try judge("MNIST", damaged) { try TensorDataset.idx(images: $0, labels: labels) }
    let record = [UInt8](repeating: 9, count: 3073)
    let records = variants(of: record + record, mutations: 200, alphabet: [0, 9, 10, 255])
    try judge("CIFAR", records) { try TensorDataset.cifar10([$0]) }
  }

  func testText() throws {
    let text = Array("the quick brown fox".utf8)
    let damaged = variants(of: text, mutations: 500, alphabet: Array("the z\u{0}".utf8))
    try judge("text", damaged) {
      try TextDataset(path: $0, context: 4, stride: 1, vocabulary: .given(text))
    }
  }
}
