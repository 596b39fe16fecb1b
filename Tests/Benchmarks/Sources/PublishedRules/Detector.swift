import TrainingDiagnostics

/// A rule under test: the step at which it first raises the alarm over a run.
package struct Detector {
  package let name: String
  package let firstAlarm: ([StepRecord]) -> Int?

  /// The doctor with some of its analyzers; notes are no alarms.
  package static func doctor(_ name: String, _ analyzers: @escaping () -> [any Analyzer])
    -> Detector
  {
    Detector(name: name) { steps in
      var doctor = Doctor(analyzers())
      for step in steps where doctor.observe(step).contains(where: { $0.severity >= .warning }) {
        return step.step
      }
      return doctor.conclude().contains { $0.severity >= .warning } ? steps.last?.step : nil
    }
  }

  /// All of the doctor, and each analyzer alone.
  package static var ours: [Detector] {
    let names = AnalyzerCatalog.standard.map { type(of: $0).name }
    let all = doctor("TrainingDiagnostics") { AnalyzerCatalog.standard }
    let alone = Detector(name: "  without norms") { steps in
      all.firstAlarm(
        steps.map { step in
          var step = step
          step.gradientNorm = nil
          return step
        })
    }
    return [all, alone]
      + names.indices.map { place in
        doctor("  " + names[place]) { [AnalyzerCatalog.standard[place]] }
      }
  }
}
