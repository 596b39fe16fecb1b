internal import Synchronization

/// Tells whether any model may consist of others than before, without a walk through one: a number that grows when a
/// parameter or a buffer is made, is frozen or not, or a mode is switched.
package enum ModelGeneration {
  private static let count = Atomic(0)

  package static var current: Int { count.load(ordering: .relaxed) }

  static func advance() { count.add(1, ordering: .relaxed) }
}

/// The members of a model and what they do in a pass, so that it can be told whether it is still the same.
package struct ModelIdentity: Equatable {
  private let members: [ObjectIdentifier]
  private let isOn: [Bool]

  package init(of members: ModuleMembers) {
    self.members =
      members.parameters.map { ObjectIdentifier($0.parameter) }
      + members.buffers.map { ObjectIdentifier($0.buffer) }
      + members.modules.map { ObjectIdentifier($0.module) }
      + members.modes.map { ObjectIdentifier($0) }
    isOn = members.parameters.map(\.parameter.isTrainable) + members.modes.map(\.isTraining)
  }
}
