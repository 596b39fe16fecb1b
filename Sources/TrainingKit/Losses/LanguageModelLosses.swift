/// How surprised a language model is by each token, given those before it.
///
///     let loss = causalLanguageModelLoss(model(tokens), tokens, zLoss: 1e-4)
///
/// The scores at a token are compared with the next one; those at the last are not used.
///
/// - Shape: logits `[batch, length, vocabulary]` and tokens `[batch, length]` → a single value, or
///   `[batch, length − 1]` without reduction.
/// - Parameters:
///   - ignoreIndex: a token that is not to be guessed, such as padding.
///   - zLoss: how much the squared logarithm of the softmax's denominator counts, which keeps scores
///     from drifting away; PaLM's is 1e-4 (Chowdhery et al. 2022, arXiv:2204.02311, section 5).
/// - Numerics: the mean is over the tokens that take part, and 0 where none does.
/// - Errors: traps when a token is neither in the vocabulary nor `ignoreIndex`, or shapes do not fit.
public func causalLanguageModelLoss<Result>(
  _ logits: Tensor, _ tokens: Tensor, ignoreIndex: Int = -100, zLoss: Double = 0,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(Uncast(logits)) { (logits) throws(TensorError) in
    let name = "causalLanguageModelLoss"
    try expectTokens(tokens, of: logits.tensor, name)
    guard tokens.shape[1] > 1 else {
      throw .shape(name, expected: "sequences of at least two tokens", got: tokens.shape)
    }
    // Ignoring the last place of each sequence copies nothing; leaving it out would copy the logits.
    let last = Tensor(repeating: ignoreIndex, shape: [tokens.shape[0], 1], dtype: .int64)
    let next = concatenate([tokens[.all, 1...].cast(to: .int64), last], axis: 1)
    return try surprise(logits, next, ignoreIndex, zLoss, name).withoutLast
  }
}

/// How surprised a language model is by the tokens that were hidden from it.
///
///     let (inputs, labels) = masking(tokens)
///     let loss = maskedLanguageModelLoss(model(inputs), labels)
///
/// Scores are compared with the label of the same place; next tokens that are shifted already serve,
/// too.
///
/// - Shape: logits `[batch, length, vocabulary]` and labels `[batch, length]` → a single value, or
///   `[batch, length]` without reduction.
/// - Parameters:
///   - ignoreIndex: the label of places that were not hidden.
///   - zLoss: as in ``causalLanguageModelLoss(_:_:ignoreIndex:zLoss:reduction:)``.
/// - Numerics: the mean is over the places that take part, and 0 where none does.
/// - Errors: traps when a label is neither in the vocabulary nor `ignoreIndex`, or shapes do not fit.
public func maskedLanguageModelLoss<Result>(
  _ logits: Tensor, _ labels: Tensor, ignoreIndex: Int = -100, zLoss: Double = 0,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(Uncast(logits)) { (logits) throws(TensorError) in
    let name = "maskedLanguageModelLoss"
    try expectTokens(labels, of: logits.tensor, name)
    return try surprise(logits, labels, ignoreIndex, zLoss, name)
  }
}

private func expectTokens(
  _ tokens: Tensor, of logits: Tensor, _ operation: String
) throws(TensorError) {
  guard logits.rank == 3, tokens.shape == Shape(logits.shape.dropLast()) else {
    throw .shape(
      operation, expected: "logits of [batch, length, vocabulary] and tokens of [batch, length]",
      got: logits.shape, tokens.shape)
  }
}

/// The cross entropy of each place, and its z-loss.
private func surprise(
  _ logits: Uncast, _ labels: Tensor, _ ignoreIndex: Int, _ weight: Double, _ name: String
) throws(TensorError) -> ElementLosses {
  let rows = logits.tensor.flattened(from: 0, through: 1)
  let target = try ClassTarget(labels.flattened(), of: rows, ignoring: ignoreIndex, name)
  let hit = target.surprise(of: rows)
  let drift =
    weight == 0 ? nil : rows.cast(to: hit.dtype).logSumExp(axes: [1]).square() * weight
  return target.losses(drift.map { hit + $0 } ?? hit, dtype: logits.dtype).reshaped(labels.shape)
}
