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
    Entry(rule: MultiStepRule.self, samples: MultiStepRule.samples),
    Entry(rule: TableRule.self, samples: TableRule.samples),
    Entry(rule: PolynomialRule.self, samples: PolynomialRule.samples),
    Entry(rule: WarmRestartsRule.self, samples: WarmRestartsRule.samples),
    Entry(rule: OneCycleRule.self, samples: OneCycleRule.samples),
    Entry(rule: CyclicRule.self, samples: CyclicRule.samples),
    Entry(rule: InverseSquareRootRule.self, samples: InverseSquareRootRule.samples),
    Entry(rule: WarmupRule.self, samples: WarmupRule.samples),
    Entry(rule: SequenceRule.self, samples: SequenceRule.samples),
    Entry(rule: AnnealedRule.self, samples: AnnealedRule.samples),
    Entry(rule: ScaledRule.self, samples: ScaledRule.samples),
    Entry(rule: ProductRule.self, samples: ProductRule.samples),
  ]
}
