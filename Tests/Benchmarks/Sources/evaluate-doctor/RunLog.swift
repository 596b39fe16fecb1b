import Foundation
import TrainingDiagnostics

/// A labelled run of the log file: what was logged, and what became of it.
struct RunLog: Decodable {
  let id, group, workload, label: String
  private let loss, gradNorm, trainLoss, validationLoss: [Point]?

  /// A step and its value, `[7, 2.13]`; null and text stand for what is not finite.
  private struct Point: Decodable {
    let step: Int
    let value: Double

    init(from decoder: any Decoder) throws {
      var row = try decoder.unkeyedContainer()
      step = try row.decode(Int.self)
      if try row.decodeNil() {
        value = .nan
      } else if let number = try? row.decode(Double.self) {
        value = number
      } else {
        value = Double(try row.decode(String.self)) ?? .nan
      }
    }
  }

  /// The rows of all series, by step.
  var steps: [StepRecord] {
    var records: [Int: StepRecord] = [:]
    let series: [(Quantity, [Point]?)] = [
      (.loss, loss), (.gradientNorm, gradNorm), (.trainLoss, trainLoss),
      (.validationLoss, validationLoss),
    ]
    for (quantity, points) in series {
      for point in points ?? [] {
        records[point.step, default: StepRecord(step: point.step)][quantity] = point.value
      }
    }
    return records.values.sorted { $0.step < $1.step }
  }

  /// Reads a file of one run a line.
  static func all(of path: String) throws -> [RunLog] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try decoder.decode(RunLog.self, from: Data($0.utf8))
    }
  }
}
