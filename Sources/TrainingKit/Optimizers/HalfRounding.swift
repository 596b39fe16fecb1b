internal import CTrainingKernels

/// How weights that are stored in float16 or bfloat16 are rounded after an update, which is computed in float32.
///
///     AdamW().rounding(.stochastic(seed: 7))
///
/// Weights in float32 and float64 are not concerned.
public enum HalfRounding: Sendable, Hashable {
  /// To the nearest weight, and what is lost comes back with the next update: it is kept in the state as
  /// `compensation`, two bytes a weight. This is the default.
  ///
  /// - Numerics: weight and compensation together are the weight in float32, so that nothing is lost that float32
  ///   keeps. In float16 that holds down to digits of 2^-40.
  /// - Source: Kahan 1965, "Further remarks on reducing truncation errors"; the split of a float32 weight: Kalamkar et
  ///   al. 2020, arXiv:2005.04680, section V.
  case compensated
  /// Up or down at random, so that the mean of the result is exact. It takes no memory.
  ///
  /// - Numerics: 16 random bits a weight from Philox. They depend on the seed, the parameter's path and the number of
  ///   its updates alone, so that a resumed run draws the same.
  /// - Source: Gupta et al. 2015, arXiv:1502.02551.
  case stochastic(seed: UInt64)
  /// To the nearest weight. Updates below half a unit in the last place are lost, all of them.
  case nearest
}

/// The rounding of one update of one parameter.
package struct WeightRounding {
  private let rounding: tk_rounding
  private let generator: tk_philox

  /// The update number `step`, counted from 1, of the parameter at a path.
  package init(_ rounding: HalfRounding, path: String, step: Int, count: Int) {
    var generator = tk_philox()
    switch rounding {
    case .nearest: self.rounding = tk_round_nearest
    case .compensated: self.rounding = tk_round_compensated
    case .stochastic(let seed):
      self.rounding = tk_round_stochastic
      generator.key = seed ^ path.fingerprint
      generator.position = UInt64(step - 1) &* UInt64((count + 7) / 8)
    }
    self.generator = generator
  }

  func weights(_ elements: Tensor, _ state: ParameterState) -> HalfWeights {
    let compensation = state.tensors[StateSlot.compensation]
    return HalfWeights(
      elements, compensation: compensation,
      rounding: compensation == nil && rounding == tk_round_compensated
        ? tk_round_nearest : rounding,
      generator: generator)
  }
}

extension UpdateRule {
  /// The state of a parameter of this value.
  func slots(for value: Tensor) -> [StateSlot] {
    let slots = optimizer.slots(for: value.shape)
    guard value.dtype.isHalf, rounding == .compensated else { return slots }
    return slots + [StateSlot(StateSlot.compensation, [value.count, 2], dtype: .uint8)]
  }
}

extension StateSlot {
  static let compensation = "compensation"
}

extension DType {
  /// Whether updates are rounded to this dtype.
  var isHalf: Bool { isFloatingPoint && self != updateType }
}

extension String {
  /// The same number in every run, by Fowler, Noll and Vo (FNV-1a).
  fileprivate var fingerprint: UInt64 {
    utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
