#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
internal import TrainingDiagnostics

/// What a run was and what came of it, for machines.
struct Summary: Codable {
  struct Settings: Codable, Equatable {
    var data, model, optimizer: String
    /// Nil for float32.
    var optimizerState: String?
    var schedule, precision: String
    var learningRate, weightDecay, momentum, clip: Double
    var smooth, ema: Double?
    var epochs, batchSize, accumulate, hidden, layers, context, warmup, threads: Int
    var seed: UInt64
  }

  var settings: Settings
  var parameters: Int
  var trainingSamples, heldOutSamples: Int
  var lossPerEpoch: [Double] = []
  var accuracyPerEpoch: [Double] = []
  var heldOutAccuracyPerEpoch: [Double] = []
  /// Nil when no epoch came to its end.
  var finalAccuracy: Double?
  var steps = 0
  var skippedSteps = 0
  /// The numbers of skipped steps, from 0, by the reason.
  var skips: [String: [Int]] = [:]
  /// What the doctor found; nil when there was none.
  var findings: [Finding]?
  /// What the doctor did about it, since the beginning; nil when nothing was done.
  var treatments: [Treatment]?
  /// The step that the run went on from, the last time that it did.
  var resumedAt: Int?
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

extension Summary {
  /// What treatments have multiplied the schedule's learning rates by.
  var treatedRate: Double { (treatments ?? []).rateFactor }

  /// Takes note of a treatment. The steps that it went back on are no longer a part of the run.
  mutating func add(_ treatment: Treatment) {
    treatments = treatments ?? []
    treatments!.take(treatment)
    skips = skips.mapValues { $0.filter { $0 < treatment.from } }.filter { !$0.value.isEmpty }
  }
}

extension Summary.Settings {
  /// The first setting that is another one in a checkpoint, in words; the number of threads changes nothing.
  func difference(from saved: Self) -> String? {
    func words(_ settings: Self) -> [(String, String)] {
      Mirror(reflecting: settings).children.map { ($0.label ?? "", Self.text($0.value)) }
    }
    let pairs = zip(words(self), words(saved)).filter { $0.0.0 != "threads" && $0.0.1 != $0.1.1 }
    return pairs.first.map { own, other in "\(own.0) \(other.1), got \(own.1)" }
  }

  private static func text(_ value: Any) -> String {
    if let number = value as? Double? { return number.map { "\($0)" } ?? "none" }
    if let word = value as? String? { return word ?? "none" }
    return "\(value)"
  }
}
