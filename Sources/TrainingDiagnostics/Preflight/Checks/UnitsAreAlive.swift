internal import TrainingKit

/// Whether activations let something through.
///
/// - Finds: rectifiers most of whose units give zero for the whole batch; tanh and sigmoid most of whose values are at
///   their ends.
/// - Source: DeepDiagnosis and SageMaker's rules, by unit over the batch, which single zeros do not alarm.
public struct UnitsAreAlive: PreflightCheck {
  /// `units`
  public static let name = "units"
  /// What it finds of a healthy run.
  public static let statement = "activations let values through"

  /// Creates the check.
  public init() {}

  /// Looks at every activation in the model; the first bad one is told.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let output = subject.pass.modelCall?.outputs.first
    for call in subject.pass.calls where call.kind == .operation && call.path != nil {
      guard let y = call.outputs.first, y.rank >= 2, y.isAllFinite else { continue }
      if let output, y.shape == output.shape, y.isIdentical(to: output) { continue }
      if let finding = dead(call, y, subject) ?? saturated(call, y, subject) { return [finding] }
    }
    return []
  }

  private func dead(_ call: Observation, _ y: Tensor, _ subject: PreflightSubject) -> Finding? {
    guard ["relu", "relu6"].contains(call.name) else { return nil }
    let units = y.byUnit
    guard units.shape[0] >= 16 else { return nil }
    let share = (units.abs().max(axis: 0) .== 0).cast(to: .float64).mean().item()
    guard share > 0.5 else { return nil }
    let x = call.inputs[0]
    return subject.finding(
      .deadUnits, deadCause(x, subject), share > 0.95 ? .fault : .warning, 0.9,
      [
        "dead_share": share, "units": Double(units.shape[1]), "input_mean": x.mean().item(),
        "input_rms": x.rootMeanSquare,
      ],
      remedy:
        "start the layer before with biases of 0 and weights by their fan-in, and inputs at mean 0; or use a "
        + "leaky rectifier", place: call.place)
  }

  /// Inputs that lie far from zero drive units as one; else it is the start of the layer.
  private func deadCause(_ x: Tensor, _ subject: PreflightSubject) -> Cause {
    subject.pass.inputLevel.map { $0 > 8 } ?? false ? .inputScale : .initialization
  }

  private func saturated(_ call: Observation, _ y: Tensor, _ subject: PreflightSubject) -> Finding?
  {
    guard ["tanh", "sigmoid"].contains(call.name), y.count >= 64 else { return nil }
    let level = call.name == "tanh" ? y : y * 2 - 1
    let share = (level.detached().abs() .> 0.98).cast(to: .float64).mean().item()
    guard share > 0.5 else { return nil }
    let isInput = subject.pass.inputLevel.map { $0 > 8 } ?? false
    return subject.finding(
      .saturation, isInput ? .inputScale : .initialization, share > 0.95 ? .fault : .warning, 0.9,
      ["saturated_share": share, "input_rms": call.inputs[0].rootMeanSquare],
      remedy: isInput
        ? "bring inputs to mean 0 and variance 1"
        : "start the layer before with smaller weights, such as .xavierUniform", place: call.place,
      sources: ["Glorot and Bengio 2010"])
  }
}
