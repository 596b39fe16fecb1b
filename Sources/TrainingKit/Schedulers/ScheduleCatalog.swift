/// The kinds of schedule, each with a few of its points.
package enum ScheduleCatalog {
  package struct Entry: Sendable {
    package let rule: any ScheduleRule.Type
    package let samples: [Sample]
  }

  package struct Sample: Sendable {
    package let schedule: Schedule
    /// Learning rates by step.
    package let rates: [Int: Double]

    init(_ schedule: Schedule, rates: [Int: Double]) {
      self.schedule = schedule
      self.rates = rates
    }
  }

  package static let all: [Entry] = [
    Entry(rule: ConstantRule.self, samples: ConstantRule.samples),
    Entry(rule: StepRule.self, samples: StepRule.samples),
    Entry(rule: ExponentialRule.self, samples: ExponentialRule.samples),
    Entry(rule: LinearRule.self, samples: LinearRule.samples),
    Entry(rule: CosineRule.self, samples: CosineRule.samples),
    Entry(rule: WarmupRule.self, samples: WarmupRule.samples),
    Entry(rule: SequenceRule.self, samples: SequenceRule.samples),
  ]
}
