#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// What a run was and what came of it, for machines.
struct Summary: Codable {
  struct Settings: Codable {
    var data, model, optimizer, schedule: String
    var learningRate, weightDecay, momentum, clip: Double
    var warmup, epochs, batchSize, threads: Int
    var seed: UInt64
  }

  var settings: Settings
  var parameters: Int
  var trainingSamples, heldOutSamples: Int
  var lossPerEpoch: [Double] = []
  var accuracyPerEpoch: [Double] = []
  var heldOutAccuracyPerEpoch: [Double] = []
  var finalAccuracy = 0.0
  var steps = 0
  var skippedSteps = 0
  /// Why the run could not go on; nil when it went on to its end.
  var stopped: String?
  var seconds = 0.0
  var stepsPerSecond = 0.0
  var text: String?

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
  }
}
