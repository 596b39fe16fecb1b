/// How surprised classifiers of two classes each are by the right answers: targets are 1 for yes, 0
/// for no, or probabilities.
///
/// - Shape: logits and targets of one shape → a single value, or that shape without reduction.
/// - Parameters:
///   - weight: how much each loss counts; broadcasts over the logits.
///   - positiveWeight: how much a yes counts compared with a no; broadcasts over the logits.
/// - Numerics: stable for logits of any size.
/// - Errors: traps when the shapes of logits and targets differ, even if they broadcast.
public func binaryCrossEntropyWithLogits(
  _ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
  reduction: Reduction = .mean
) -> Tensor {
  checked(.wide, logits, targets, weight, positiveWeight) {
    (logits, targets, weight, positiveWeight) throws(TensorError) in
    let name = "binaryCrossEntropyWithLogits"
    try expectTargets(targets, like: logits, name)
    for case let factor? in [weight, positiveWeight] {
      guard factor.shape.broadcast(with: logits.shape) == logits.shape else {
        throw .shape(name, expected: "weights that broadcast over the logits", got: factor.shape)
      }
    }
    let targets = targets.cast(to: logits.dtype)
    let yes = positiveWeight.map { targets * $0.cast(to: logits.dtype) } ?? targets
    // Two small numbers are added, one for each answer: nothing cancels.
    let losses = -(yes * logits.logSigmoid() + (1 - targets) * (-logits).logSigmoid())
    return (weight.map { losses * $0.cast(to: logits.dtype) } ?? losses).reduced(by: reduction)
  }
}
