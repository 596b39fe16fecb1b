internal import TrainingKit

/// Whether the loss and all gradients are finite, and where they first are not.
///
/// - Finds: the first call that makes something of finite inputs that is not finite; on the way back, the last call
///   whose incoming gradient is finite and whose outgoing one is not.
/// - Source: taxonomy rows 1 to 3: the input, the weights, the domain of an operation and the scale are told apart.
public struct ValuesAreFinite: PreflightCheck {
  /// `finite-values`
  public static let name = "finite-values"
  /// What it finds of a healthy run.
  public static let statement = "the loss and all gradients are finite"

  /// Creates the check.
  public init() {}

  /// Goes through the pass in its order.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let pass = subject.pass
    if let mistake = pass.mistake { return refused(mistake, subject) }
    if !pass.loss.isFinite { return [forward(subject)] }
    if !pass.nonFinitePaths.isEmpty { return [backward(subject)] }
    return []
  }

  /// What the model or the loss would not compute. Labels have a check of their own.
  private func refused(_ mistake: TensorError, _ subject: PreflightSubject) -> [Finding] {
    if LabelsAreClasses.outside(subject) != nil { return [] }
    return [
      subject.finding(
        .notComputable, mistake.kind == .index ? .badInput : .wrongShape, .fault, 1,
        ["calls_before": Double(subject.pass.calls.count)],
        remedy: "\(mistake)", place: mistake.path.isEmpty ? mistake.operation : mistake.path)
    ]
  }

  private func forward(_ subject: PreflightSubject) -> Finding {
    let (x, calls) = (subject.batches[0].x, subject.pass.calls)
    if !x.isAllFinite || !subject.batches[0].y.isAllFinite {
      let bad = x.isAllFinite ? subject.batches[0].y : x
      return subject.finding(
        .nonFiniteLoss, .badInput, .fault, 1,
        ["non_finite_values": (1 - bad.isFinite().cast(to: .float64)).sum().item()],
        remedy: "clean the data: leave the examples out, or fill their gaps",
        place: x.isAllFinite ? "labels" : "inputs")
    }
    if let named = subject.parameters.first(where: { !$0.parameter.value.isAllFinite }) {
      return subject.finding(
        .nonFiniteLoss, .badWeights, .fault, 1,
        ["elements": Double(named.parameter.value.count)],
        remedy: "start the parameter anew, or load a checkpoint that is whole", place: named.path)
    }
    let first = calls.first {
      $0.inputs.allSatisfy(\.isAllFinite) && !$0.outputs.allSatisfy(\.isAllFinite)
    }
    guard let first else {
      return subject.finding(
        .nonFiniteLoss, .undetermined, .fault, 1, ["calls": Double(calls.count)],
        remedy: "look at what the loss closure computes without tensors",
        test: "compute the loss piece by piece")
    }
    return cause(of: first, subject)
  }

  /// Operations that are not defined, or infinite, at or below zero.
  private static let partial: Set = ["log", "sqrt", "rsqrt", "reciprocal", "div", "pow"]

  /// Domain or scale, told by the inputs of the call.
  private func cause(of call: Observation, _ subject: PreflightSubject) -> Finding {
    let least = call.inputs.map { $0.detached().cast(to: .float64).min().item() }.min()
    let largest = call.inputs.map(\.largestMagnitude).max() ?? 0
    let range = call.outputs.map(\.dtype).first.map(\.greatestFiniteMagnitude) ?? .infinity
    // A product overflows where the square of its inputs is near the range; logarithms and roots overflow nowhere.
    let isDomain = Self.partial.contains(call.name) && least.map { $0 <= 0 } ?? false
    let isScale = !isDomain && largest > min(1e6, range.squareRoot() / 16)
    let evidence: Evidence = ["least_input": least, "largest_input": largest]
    if isScale {
      let isHalf = call.outputs.contains { $0.dtype.byteCount < 4 }
      return subject.finding(
        .nonFiniteLoss, isHalf ? .overflow : .initialization, .fault, 0.95, evidence,
        remedy: isHalf
          ? "compute in bfloat16 or float32, or scale the inputs of this call down"
          : "bring inputs to variance 1 and start weights by their fan-in; values double from layer to layer",
        place: call.place, sources: ["He et al. 2015, arXiv:1502.01852"])
    }
    return subject.finding(
      .nonFiniteLoss, .operationDomain, .fault, 0.95, evidence,
      remedy:
        "keep the input inside the domain: add a small number, clamp it, or use the operation's safe form "
        + "such as logSoftmax", place: call.place)
  }

  private func backward(_ subject: PreflightSubject) -> Finding {
    let pass = subject.pass
    let call = firstOnTheWayBack(pass)
    let least = call?.inputs.map { $0.detached().abs().cast(to: .float64).min().item() }.min()
    return subject.finding(
      .nonFiniteGradient, call == nil ? .undetermined : .operationDomain, .fault, 0.95,
      [
        "parameters": Double(pass.nonFinitePaths.count), "loss": pass.loss,
        "least_input_magnitude": least,
      ],
      remedy:
        "keep the operation away from where its derivative is infinite: add a small number inside of a root, a "
        + "norm or a quotient, also where a mask hides the result",
      test: call == nil
        ? "find the operation whose incoming gradient is finite and outgoing is not" : nil,
      place: call?.place ?? pass.nonFinitePaths[0])
  }

  /// The call that made the first gradient that is not finite: it takes the last value that has one.
  private func firstOnTheWayBack(_ pass: PreflightPass) -> Observation? {
    let calls = pass.calls
    let source = calls.indices.last {
      calls[$0].kind == .operation && pass.callGradients[$0]?.isAllFinite == false
    }
    guard let source else { return nil }
    let value = calls[source].outputs[0]
    return calls[(source + 1)...].first { call in
      call.kind == .operation
        && call.inputs.contains { $0.shape == value.shape && $0.isIdentical(to: value) }
    }
  }
}
