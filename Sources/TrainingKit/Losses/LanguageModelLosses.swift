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
public func causalLanguageModelLoss(
  _ logits: Tensor, _ tokens: Tensor, ignoreIndex: Int = -100, zLoss: Double = 0,
  reduction: Reduction = .mean
) -> Tensor {
  let name = "causalLanguageModelLoss"
  return checked { () throws(TensorError) in
    try expectTokens(tokens, of: logits, name)
    guard tokens.shape[1] > 1 else {
      throw .shape(name, expected: "sequences of at least two tokens", got: tokens.shape)
    }
    return languageModelLoss(
      logits[.all, ..<(-1)], tokens[.all, 1...], ignoreIndex, zLoss, reduction)
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
public func maskedLanguageModelLoss(
  _ logits: Tensor, _ labels: Tensor, ignoreIndex: Int = -100, zLoss: Double = 0,
  reduction: Reduction = .mean
) -> Tensor {
  checked { () throws(TensorError) in
    try expectTokens(labels, of: logits, "maskedLanguageModelLoss")
    return languageModelLoss(logits, labels, ignoreIndex, zLoss, reduction)
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

private func languageModelLoss(
  _ logits: Tensor, _ labels: Tensor, _ ignoreIndex: Int, _ zLoss: Double, _ reduction: Reduction
) -> Tensor {
  let rows = logits.flattened(from: 0, through: 1)
  let targets = labels.flattened()
  let kind = zLoss == 0 ? reduction : .none
  let surprise = crossEntropy(rows, targets, ignoreIndex: ignoreIndex, reduction: kind)
  guard zLoss != 0 else { return kind == .none ? surprise.reshaped(labels.shape) : surprise }
  let real = rows.cast(to: rows.dtype.statistics)
  let drift = (real.logSumExp(axes: [-1]).square() * zLoss).cast(to: rows.dtype)
  let takesPart = targets.cast(to: .int64) .!= ignoreIndex
  let each = which(takesPart, surprise + drift, Tensor.zeros([], dtype: rows.dtype))
  switch reduction {
  case .none: return each.reshaped(labels.shape)
  case .sum: return each.sum()
  case .mean:
    let count = takesPart.cast(to: rows.dtype).sum()
    return each.sum() / count.maximum(Tensor.ones([], dtype: rows.dtype))
  }
}
