import Foundation
import PublishedRules
import TrainingDiagnostics

/// What a run shows of the doctor and of published rules; a line of the JSON file.
struct Verdict: Codable {
  struct Told: Codable {
    let symptom, cause, severity: String
    let step: Int
    let place: String?
    let confidence: Double
  }

  /// The name of the fault, or of the look-alike.
  let name: String
  let isFault: Bool
  let architecture: Architecture
  let seed: UInt64
  /// How severe it is, from 0.
  let level: Int
  let onset: Int
  /// The loss on held-out batches: at the start and at the end of the twin, and at the end of the run. Nil is infinite.
  let twinStart, twinEnd, end: Double?
  let isHarmful: Bool
  /// Whether it lies in the run, and a doctor can treat it.
  let isInRun: Bool
  let failure: String?
  /// The steps at which a warning or a fault was first told from the onset on; nil for never.
  let alarm, alarmOfNumbers: Int?
  /// The first alarms of published rules; one before the onset counts for them, as they say no more than one.
  let alarmsOfRules: [String: Int]
  let findings: [Told]
  let isSymptomRight, isCauseRight: Bool
  /// Nil where no place is expected.
  let isPlaceRight: Bool?
  /// Nil where it was not tried.
  var treatedEnd: Double?
  var treatments: [String] = []

  var isMissed: Bool { isFault && isHarmful && alarm == nil }
}

extension Verdict {
  /// Judges a run beside its twin.
  init(
    _ course: Course, twin: (start: Double, end: Double), name: String, fault: Fault?,
    _ architecture: Architecture, seed: UInt64, level: Int
  ) {
    let onset = fault?.onset ?? 0
    if getenv("TELL") != nil {
      print("\(architecture) \(seed) \(name) \(level): end \(course.end) twin \(twin)")
      for finding in course.findings { print("   \(finding)") }
    }
    let told = course.findings.filter { $0.severity >= .warning }
    self.init(
      name: name, isFault: fault != nil, architecture: architecture, seed: seed, level: level,
      onset: onset, twinStart: twin.start.finite, twinEnd: twin.end.finite, end: course.end.finite,
      isHarmful: Self.isWorse(course.end, than: twin) || (fault?.harmsMemory ?? false),
      isInRun: fault?.isInRun ?? false, failure: course.failure,
      alarm: course.alarms.first { $0 >= onset },
      alarmOfNumbers: Self.alarms(course.steps).first { $0 >= onset },
      alarmsOfRules: Dictionary(
        uniqueKeysWithValues: Baselines.all.compactMap { rule in
          rule.firstAlarm(course.steps).map { (rule.name, $0) }
        }),
      findings: course.findings.map {
        Told(
          symptom: $0.symptom.rawValue, cause: $0.cause.rawValue, severity: $0.severity.rawValue,
          step: $0.step, place: $0.place, confidence: $0.confidence)
      },
      isSymptomRight: told.contains { fault?.symptoms.contains($0.symptom) ?? false },
      isCauseRight: told.first.map { fault?.causes.contains($0.cause) ?? false } ?? false,
      isPlaceRight: fault?.places[architecture].map { place in
        told.contains { $0.place.map { $0.hasPrefix(place) || $0.contains(".\(place)") } ?? false }
      })
  }

  /// The steps at which a doctor who sees numbers alone tells warnings and faults.
  private static func alarms(_ steps: [StepRecord]) -> [Int] {
    var doctor = Doctor()
    func isAlarm(_ findings: [Finding]) -> Bool { findings.contains { $0.severity >= .warning } }
    var alarms = steps.filter { isAlarm(doctor.observe($0)) }.map(\.step)
    if isAlarm(doctor.conclude()), let last = steps.last { alarms.append(last.step) }
    return alarms
  }

  /// Whether at least a tenth of what the twin gains is lost.
  static func isWorse(_ end: Double, than twin: (start: Double, end: Double)) -> Bool {
    !(end <= twin.end + 0.1 * (twin.start - twin.end))
  }

  /// Takes note of the same run in the care of a doctor who treats.
  mutating func takeTreated(_ course: Course) {
    (treatedEnd, treatments) = (course.end.finite ?? 1e30, course.treatments)
  }
}

extension Double {
  fileprivate var finite: Double? { isFinite ? self : nil }
}
