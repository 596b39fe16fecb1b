/// What a plan knows of a parameter.
final class PlannedParameter {
  let path: String
  let parameter: Parameter
  private let dtype: DType
  private let states: [String]
  private let stateTypes: [DType]

  init(_ named: NamedParameter, states: [String], _ dtype: DType, stateTypes: [DType]) {
    (path, parameter) = (named.path, named.parameter)
    (self.dtype, self.states, self.stateTypes) = (dtype, states, stateTypes)
  }

  /// Where an update reads and writes; nil where it cannot do that in place.
  func addresses(
    _ gradient: Tensor, _ state: inout ParameterState, in pool: MemoryPool
  ) -> UpdateAddresses? {
    let form = gradient.form
    guard form.dtype == dtype, form.isContiguous, states.count <= UpdateAddresses.largestStateCount,
      let source = gradient.storage, source.deviceNumber == 0,
      let value = parameter.ownAddress(form)
    else { return nil }
    var addresses = UpdateAddresses(dtype, count: form.count, value, gradient.address)
    for position in states.indices {
      guard let place = state.tensors.index(forKey: states[position]),
        let address = state.tensors.values[place].ownAddress(
          stateTypes[position], count: form.count, in: pool)
      else { return nil }
      addresses.append(address)
    }
    return addresses
  }
}
