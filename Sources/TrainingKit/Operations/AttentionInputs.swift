/// What an attention was computed from.
///
///     observing(model, with: { call in
///       if let attention = call.attention { print(attention.key.shape, attention.isCausal) }
///     }) { model(x) }
public struct AttentionInputs: Sendable {
  /// What looks: `[…, targets, features]`.
  public let query: Tensor
  /// What is looked at: `[…, sources, features]`.
  public let key: Tensor
  /// `[…, targets, sources]`: true where a source takes part, or numbers that are added to the scores; nil for none.
  public let mask: Tensor?
  /// Whether target i sees only sources up to i.
  public let isCausal: Bool
  /// What products of queries and keys are multiplied by.
  public let scale: Double
}

extension Observation {
  /// What an attention was computed from; nil of other calls.
  public var attention: AttentionInputs? {
    guard let attention = function as? FusedAttention, inputs.count >= 2 else { return nil }
    return AttentionInputs(
      query: inputs[0], key: inputs[1], mask: attention.mask, isCausal: attention.form.isCausal,
      scale: attention.form.scale)
  }
}
