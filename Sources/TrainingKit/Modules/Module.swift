/// A part of a network: a function with parameters.
///
///     final class Perceptron: Module {
///       let hidden = Linear(64, 128)
///       let output = Linear(128, 10)
///
///       func forward(_ x: Tensor) -> Tensor { output(hidden(x).relu()) }
///     }
///     let model = Perceptron()
///     model.parameters.map(\.path)       // hidden.weight, hidden.bias, output.weight, output.bias
///
/// Stored properties that are parameters, buffers or modules, and arrays and optionals of them, are found by
/// themselves. Call a module as a function, not its `forward`: then errors name it.
public protocol Module<Input, Output>: AnyObject {
  /// What the module takes.
  associatedtype Input = Tensor
  /// What the module gives.
  associatedtype Output = Tensor

  /// Computes the output. Call the module itself instead.
  func forward(_ input: Input) -> Output
}

extension Module {
  /// Computes the output.
  public func callAsFunction(_ input: Input) -> Output {
    called(on: Observation.tensors(in: input)) { self.forward(input) }
  }
}

/// A parameter and its path in a model.
public struct NamedParameter {
  /// Property names from the model to the parameter, joined by dots.
  public let path: String
  /// The parameter.
  public let parameter: Parameter
}

extension Module {
  /// All parameters in the order of their declaration. One that is used in several places is listed once, under its
  /// first path.
  public var parameters: [NamedParameter] { ModuleMembers(of: self).parameters }

  /// The number of values that training moves.
  public var parameterCount: Int {
    parameters.reduce(0) { $0 + ($1.parameter.isTrainable ? $1.parameter.value.count : 0) }
  }

  /// Whether the module trains; dropout and batch normalization differ. True when no part of it cares.
  public var isTraining: Bool { ModuleMembers(of: self).modes.allSatisfy(\.isTraining) }

  /// Switches the module and all modules in it to training.
  public func train() { setTraining(true) }

  /// Switches the module and all modules in it to evaluation.
  public func evaluate() { setTraining(false) }

  private func setTraining(_ isTraining: Bool) {
    for mode in ModuleMembers(of: self).modes { mode.isTraining = isTraining }
  }

  /// Where the parameters lie: the device of the first; that of the scope where there is none.
  public var device: Device { parameters.first?.parameter.value.device ?? .current }

  /// Brings all parameters and buffers to a device, where a scope with that device can use the module.
  ///
  ///     model.move(to: .cuda(0))
  ///
  /// An optimizer that has states keeps them where they lie: move the model before the first step.
  ///
  /// - Errors: traps when the device cannot be used, or has no memory for them.
  public func move(to device: Device) {
    let members = ModuleMembers(of: self)
    for named in members.parameters { named.parameter.move(to: device) }
    for (_, buffer) in members.buffers { buffer.value = buffer.value.to(device) }
  }

  /// Converts all parameters and floating-point buffers.
  public func convert(to dtype: DType) {
    let members = ModuleMembers(of: self)
    for named in members.parameters { named.parameter.convert(to: dtype) }
    for (_, buffer) in members.buffers where buffer.value.dtype.isFloatingPoint {
      buffer.value = buffer.value.cast(to: dtype)
    }
  }
}
