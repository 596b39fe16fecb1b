extension TrainingRun {
  /// Has the states lie where the update wants them, before the passes take memory. After an update by a plan they do.
  mutating func prepareUpdate(of members: ModuleMembers) throws {
    if let updatePlan, updatePlan.isOf(members.parameters) { return }
    updatePlan = nil
    let rules = ownOptimizer.rules(for: members.parameters)
    try validated {
      stateFile.keepingState {
        Context.current.charging(.optimizer) { ownOptimizer.settle(rules) }
      }
    }
  }

  /// Moves the parameters, or none of them.
  mutating func update(
    _ members: ModuleMembers, with gradients: Gradients, learningRate: Double
  ) throws {
    if let updatePlan, updatePlan.isOf(members.parameters),
      updatePlan.move(&ownOptimizer.states, with: gradients, learningRate: learningRate)
    {
      return
    }
    let rules = ownOptimizer.rules(for: members.parameters)
    let isPlanned = stateFile == nil && Context.current.backend === CPUBackend.shared
    updatePlan = isPlanned ? UpdatePlan(ownOptimizer, rules) : nil
    try validated {
      stateFile.keepingState {
        ownOptimizer.update(rules, with: gradients, learningRate: learningRate)
      }
    }
  }
}
