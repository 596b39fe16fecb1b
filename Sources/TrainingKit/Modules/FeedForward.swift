/// The part of a transformer that works on each token alone: contract(activation(expand(x))).
///
/// - Shape: `[…, features]` → the same.
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 2; with a gate Shazeer 2020,
///   arXiv:2002.05202, eq. 6.
public final class FeedForward: Module {
  /// What stands between the two maps.
  public enum Activation: Sendable, Hashable, Codable {
    /// Exact GELU, as in BERT.
    case gelu
    /// GELU by tanh, as in GPT-2.
    case geluTanh
    /// The rectifier.
    case relu
    /// SiLU of a third map, the gate, times the expansion, as in LLaMA.
    case swiGLU
  }

  /// From `features` to `hidden`, for an activation that has a gate; nil for others.
  public let gate: Linear?
  /// From `features` to `hidden`.
  public let expand: Linear
  /// From `hidden` back to `features`.
  public let contract: Linear
  private let activation: Activation

  /// Creates a layer with random weights.
  ///
  /// - Parameter hidden: the features in between; 4 times as many unless given, and 8 / 3 times with
  ///   a gate, which makes as many weights.
  public init(
    _ features: Int, hidden: Int? = nil, bias: Bool = true, activation: Activation = .gelu
  ) {
    let isGated = activation == .swiGLU
    let hidden = hidden ?? (isGated ? 8 * features / 3 : 4 * features)
    gate = isGated ? Linear(features, hidden, bias: bias) : nil
    expand = Linear(features, hidden, bias: bias)
    contract = Linear(hidden, features, bias: bias)
    self.activation = activation
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    let wide = expand(x)
    return contract(gate.map { $0(x).silu() * wide } ?? activated(wide))
  }

  private func activated(_ x: Tensor) -> Tensor {
    switch activation {
    case .gelu: x.gelu(.exact)
    case .geluTanh: x.gelu(.tanh)
    case .relu: x.relu()
    case .swiGLU: x.silu()
    }
  }
}
