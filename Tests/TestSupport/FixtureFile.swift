package import Foundation
package import TrainingKit

/// A pair of files: cases, one JSON object a line, and the numbers they point into. See `Tests/Fixtures/README.md`.
package struct FixtureFile {
  package let lines: [Data]
  let numbers: Data

  package init(_ name: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/data")
    let text = try Data(contentsOf: folder.appendingPathComponent(name + ".jsonl"))
    lines = text.split(separator: UInt8(ascii: "\n"))
    numbers = try Data(contentsOf: folder.appendingPathComponent(name + ".bin"))
  }

  /// The tensor that an array of a case describes, on a base of its own with the strides given.
  package func tensor(_ array: FixtureArray, default dtype: DType) -> Tensor {
    let dtype = array.dtype.map { DType(named: $0) } ?? dtype
    let bytes = numbers.dropFirst(array.data[0]).prefix(array.data[1])
    let count = array.data[1] / dtype.byteCount
    let base = Tensor.fresh("fixture", [count], dtype) { tensor, _ in
      bytes.withUnsafeBytes {
        tensor.address.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
      }
    }
    guard let strides = array.strides else { return base.reshaped(Shape(array.shape)) }
    var lanes = Lanes(repeating: 0)
    for (axis, stride) in strides.enumerated() { lanes[axis] = stride }
    let layout = Layout(shape: Shape(array.shape), strides: lanes, offset: array.offset ?? 0)
    return Tensor(storage: base.storage, layout: layout, dtype: dtype)
  }
}

/// Where an array of a case lies in the numbers.
package struct FixtureArray: Decodable {
  package let name: String?
  package let dtype: String?
  package let shape: [Int]
  package let strides: [Int]?
  package let offset: Int?
  package let data: [Int]
}

/// A call of an operation and what came of it in PyTorch.
package struct FixtureCase: Decodable {
  package struct SecondOrder: Decodable {
    package let vectors: [FixtureArray?]
    package let gradients: [FixtureArray?]
    package let cotangentGradients: [FixtureArray?]
  }

  package let operation: String
  package let label: String
  package let dtype: String
  package let attributes: [String: FixtureAttribute]
  package let inputs: [FixtureArray]
  package let outputs: [FixtureArray?]
  package let cotangents: [FixtureArray?]?
  package let gradients: [FixtureArray?]?
  package let secondOrder: SecondOrder?
}

/// The value of an attribute of a call.
package enum FixtureAttribute: Decodable {
  case number(Double)
  case flag(Bool)
  case text(String)
  case list([FixtureAttribute])
  case object([String: FixtureAttribute])

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([FixtureAttribute].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: FixtureAttribute].self))
    }
  }

  package var number: Double {
    switch self {
    case .number(let number): number
    case .text("infinity"): .infinity
    default: .nan
    }
  }
  package var int: Int { Int(number) }
  package var flag: Bool { if case .flag(let flag) = self { flag } else { false } }
  package var text: String { if case .text(let text) = self { text } else { "" } }
  package var list: [FixtureAttribute] { if case .list(let list) = self { list } else { [] } }
  package var fields: [String: FixtureAttribute] {
    if case .object(let fields) = self { fields } else { [:] }
  }
  package var ints: [Int] { list.map(\.int) }
}

extension DType {
  package init(named name: String) {
    self = DType.allCases.first { "\($0)" == name }!
  }
}

/// A run, a state or a stream of PyTorch.
package struct ParityCase: Decodable, CustomStringConvertible {
  package let kind: String
  package let name: String
  package let attributes: [String: FixtureAttribute]
  package let tensors: [String: FixtureArray]

  package var description: String {
    "\(name) \(tensors.values.first?.dtype ?? "") \(attributes.sorted { $0.key < $1.key })"
  }
}

extension FixtureFile {
  /// The cases of one kind.
  package func cases(_ kind: String) throws -> [ParityCase] {
    try lines.map { try JSONDecoder().decode(ParityCase.self, from: $0) }.filter { $0.kind == kind }
  }

  /// A tensor of a case by name.
  package func tensor(_ name: String, of parity: ParityCase) -> Tensor? {
    parity.tensors[name].map { tensor($0, default: .float32) }
  }
}
