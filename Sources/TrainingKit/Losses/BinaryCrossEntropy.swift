/// How surprised classifiers of two classes each are by the right answers: targets are 1 for yes, 0
/// for no, or probabilities.
///
/// - Shape: logits and targets of one shape → a single value, or that shape without reduction.
/// - Parameters:
///   - weight: how much each loss counts; broadcasts over the logits.
///   - positiveWeight: how much a yes counts compared with a no; broadcasts over the logits.
/// - Numerics: stable for logits of any size.
/// - Errors: traps when the shapes of logits and targets differ, even if they broadcast.
public func binaryCrossEntropyWithLogits<Result>(
  _ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(logits, targets, weight, positiveWeight) {
    (logits, targets, weight, positiveWeight) throws(TensorError) in
    let name = "binaryCrossEntropyWithLogits"
    try expectTargets(targets, like: logits, name)
    let targets = targets.cast(to: logits.dtype)
    let yes = try targets.weighted(by: positiveWeight, name)
    // Two small numbers are added, one for each answer: nothing cancels.
    let losses = -(yes * logits.logSigmoid() + (1 - targets) * (-logits).logSigmoid())
    return ElementLosses(try losses.weighted(by: weight, name))
  }
}

/// The same for classifiers that give probabilities. Where the logits are at hand,
/// ``binaryCrossEntropyWithLogits(_:_:weight:positiveWeight:reduction:)`` is exact and this is not.
///
/// - Shape: probabilities and targets of one shape → a single value, or that shape without
///   reduction.
/// - Parameter weight: how much each loss counts; broadcasts over the probabilities.
/// - Numerics: a logarithm is −100 at least, so that no loss is infinite; in float32 for halves.
/// - Gradient: that of p is (p − target) / (p (1 − p)), the divisor 10⁻¹² at least.
/// - Errors: traps when a probability is not in 0 … 1, or the shapes differ, even if they broadcast.
public func binaryCrossEntropy<Result>(
  _ probabilities: Tensor, _ targets: Tensor, weight: Tensor? = nil,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(probabilities, targets, weight) {
    (probabilities, targets, weight) throws(TensorError) in
    let name = "binaryCrossEntropy"
    try expectTargets(targets, like: probabilities, name)
    let p = probabilities.cast(to: probabilities.dtype.statistics)
    guard p.isHollow || ((p .< 0) .| (p .> 1)).any().item() == 0 else {
      throw .argument(name, expected: "probabilities in 0 … 1", got: probabilities)
    }
    let losses = BinarySurprise()(p, targets.cast(to: p.dtype))
    return ElementLosses(try losses.weighted(by: weight, name), dtype: probabilities.dtype)
  }
}

/// −target log(p) − (1 − target) log(1 − p), whose logarithms and slopes have limits.
private struct BinarySurprise: CustomOperation {
  var name: String { "binaryCrossEntropy" }

  private func logarithms(_ p: Tensor) -> (yes: Tensor, no: Tensor) {
    (p.log().clamped(min: -100), (-p).log1p().clamped(min: -100))
  }

  func forward(_ inputs: [Tensor]) -> Tensor {
    let (yes, no) = logarithms(inputs[0])
    return (inputs[1] - 1) * no - inputs[1] * yes
  }

  func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] {
    let (p, target) = (inputs[0], inputs[1])
    let (yes, no) = logarithms(p)
    return [
      gradient * (p - target) / (p * (1 - p)).clamped(min: leastDivisor), gradient * (no - yes),
    ]
  }
}

/// The binary cross entropy of hard cases: those that are classified well count little, so that many
/// easy ones do not outweigh the few that matter.
///
/// - Shape: logits and targets of one shape → a single value, or that shape without reduction.
/// - Parameters:
///   - alpha: how much a yes counts; a no counts 1 − alpha. Nil counts both as 1.
///   - gamma: how fast well classified cases stop to count, 0 or more.
/// - Numerics: stable for logits of any size; in float32 for halves.
/// - Errors: traps when the shapes differ, even if they broadcast, or gamma is below 0.
/// - Source: Lin et al. 2017, arXiv:1708.02002, eq. 5.
public func sigmoidFocalLoss<Result>(
  _ logits: Tensor, _ targets: Tensor, alpha: Double? = 0.25, gamma: Double = 2,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(logits, targets) { (logits, targets) throws(TensorError) in
    let name = "sigmoidFocalLoss"
    try expectTargets(targets, like: logits, name)
    guard gamma >= 0 else { throw .argument(name, expected: "a gamma of 0 or more", got: gamma) }
    let x = logits.cast(to: logits.dtype.statistics)
    let targets = targets.cast(to: x.dtype)
    let (yes, no) = (x.logSigmoid(), (-x).logSigmoid())
    let missed = targets * (no * gamma).exp() * yes * (alpha ?? 1)
    let alarmed = (1 - targets) * (yes * gamma).exp() * no * (alpha.map { 1 - $0 } ?? 1)
    return ElementLosses(-(missed + alarmed), dtype: logits.dtype)
  }
}
