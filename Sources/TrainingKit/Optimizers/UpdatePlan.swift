/// How an optimizer whose updates are one pass each moves the parameters of a model, worked out once for many steps.
///
/// It takes no memory and makes no tensors: where a parameter, a gradient or a state is not as it is to be read or
/// written in place, nothing is moved, and the optimizer does it in its own way, to the same bits.
package final class UpdatePlan {
  private let optimizer: any FusedUpdating
  private let rules: [ParameterRule]
  /// What an update is to write, once all have been looked at.
  private var places: [(state: Dictionary<String, ParameterState>.Index, UpdateAddresses, Double)] =
    []

  /// Nil where updates are not of that kind.
  package init?(_ optimizer: any Optimizer, _ rules: [ParameterRule]) {
    guard optimizer is any FusedUpdating,
      let bare = rules.first?.rule.optimizer as? any FusedUpdating, rules.allSatisfy(\.isPlain)
    else { return nil }
    (self.optimizer, self.rules) = (bare, rules)
    places.reserveCapacity(rules.count)
  }

  /// Whether it is for these parameters.
  package func isOf(_ parameters: [NamedParameter]) -> Bool {
    guard parameters.count == rules.count else { return false }
    for position in rules.indices
    where rules[position].named.parameter !== parameters[position].parameter { return false }
    return true
  }

  /// Moves all parameters that have a gradient; false, and nothing has moved, where something is not in its place.
  package func move(
    _ states: inout [String: ParameterState], with gradients: Gradients, learningRate: Double
  ) -> Bool {
    let backend = CPUBackend.shared
    guard learningRate >= 0, learningRate.isFinite, Context.current.backend === backend else {
      return false
    }
    places.removeAll(keepingCapacity: true)
    for rule in rules where rule.named.parameter.isTrainable {
      guard let (gradient, factor) = gradients.unscaled(rule.named.path) else { continue }
      guard let state = states.index(forKey: rule.named.path),
        let found = rule.addresses(gradient, &states.values[state], in: backend.pool)
      else { return false }
      places.append((state, found, factor))
    }
    var known: (step: UpdateStep, update: FusedUpdate)?
    for (state, addresses, factor) in places {
      states.values[state].step += 1
      let step = UpdateStep(
        number: states.values[state].step, learningRate: learningRate, gradientScale: factor)
      if known?.step != step { known = (step, optimizer.fusedUpdate(step)) }
      known!.update.write(addresses, on: backend)
    }
    return true
  }
}
