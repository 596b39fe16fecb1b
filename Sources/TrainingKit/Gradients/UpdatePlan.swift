/// How an optimizer whose updates are one pass each moves the parameters of a model, worked out once for many steps.
///
/// It takes no memory and makes no tensors: where a parameter, a gradient or a state is not as it is to be read or
/// written in place, nothing is moved, and the optimizer does it in its own way, to the same bits.
package final class UpdatePlan {
  /// What an update is to write.
  private struct Place {
    let state: Dictionary<String, ParameterState>.Index
    let addresses: UpdateAddresses
    /// What the gradient is multiplied by.
    let factor: Double
  }

  private let optimizer: any FusedUpdating
  private let parameters: [PlannedParameter]
  /// Filled once all have been looked at.
  @exclusivity(unchecked) private var places: [Place] = []

  /// Nil where updates are not of that kind.
  package init?(_ optimizer: any Optimizer, _ rules: [ParameterRule]) {
    guard optimizer is any FusedUpdating,
      let bare = rules.first?.rule.optimizer as? any FusedUpdating, rules.allSatisfy(\.isPlain)
    else { return nil }
    self.optimizer = bare
    parameters = rules.map(\.planned)
    places.reserveCapacity(rules.count)
  }

  /// Whether it is for these parameters.
  package func isOf(_ others: [NamedParameter]) -> Bool {
    guard others.count == parameters.count else { return false }
    for position in parameters.indices
    where parameters[position].parameter !== others[position].parameter { return false }
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
    for planned in parameters where planned.parameter.isTrainable {
      guard let (gradient, factor) = gradients.unscaled(planned.path) else { continue }
      guard let state = states.index(forKey: planned.path),
        let found = planned.addresses(gradient, &states.values[state], in: backend.pool)
      else { return false }
      places.append(Place(state: state, addresses: found, factor: factor))
    }
    var known: (step: UpdateStep, update: FusedUpdate)?
    for place in places {
      states.values[place.state].step += 1
      let step = UpdateStep(
        number: states.values[place.state].step, learningRate: learningRate,
        gradientScale: place.factor)
      if known?.step != step { known = (step, optimizer.fusedUpdate(step)) }
      known!.update.write(place.addresses, on: backend)
    }
    return true
  }
}
