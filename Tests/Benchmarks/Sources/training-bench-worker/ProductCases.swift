import TrainingKit

/// Products of matrices; `n` and `t` of the layout say which of both is stored transposed.
func productCase(_ name: String, _ values: Case) throws -> (() throws -> Void)? {
  guard name == "gemm" else { return nil }
  let (m, n, k) = (try values.int("m"), try values.int("n"), try values.int("k"))
  let (batch, layout) = (try values.int("batch"), try values.text("layout"))
  func matrix(_ rows: Int, _ columns: Int) throws -> Tensor {
    try values.normal(batch == 1 ? [rows, columns] : [batch, rows, columns])
  }
  let x = layout == "tn" ? try matrix(k, m).transposed() : try matrix(m, k)
  let y = layout == "nt" ? try matrix(n, k).transposed() : try matrix(k, n)
  return { _ = x.matmul(y) }
}

/// Causal attention, with and without its gradients.
func attentionCase(_ name: String, _ values: Case) throws -> (() throws -> Void)? {
  guard name == "attention" || name == "attention_fb" else { return nil }
  let shape: Shape = [
    try values.int("b"), try values.int("h"), try values.int("t"), try values.int("d"),
  ]
  let parts = try (0..<3).map { _ in try values.normal(shape) }
  func attention(_ parts: [Tensor]) -> Tensor {
    scaledDotProductAttention(query: parts[0], key: parts[1], value: parts[2], isCausal: true)
  }
  if name == "attention" { return { _ = attention(parts) } }
  let (tracked, slope) = (parts.map { $0.tracked() }, try values.normal(shape))
  return { _ = attention(tracked).pullback(slope, to: tracked) }
}
