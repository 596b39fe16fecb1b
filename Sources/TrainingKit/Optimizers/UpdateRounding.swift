internal import CTrainingKernels

/// The rounding of one update of one parameter and its state.
package struct UpdateRounding {
  private let weights: HalfRounding
  private let states: StateType
  private let path: String
  private let step: Int

  /// The update number `step`, counted from 1, of the parameter at a path.
  package init(_ rule: UpdateRule, path: String, step: Int) {
    (weights, states) = (rule.rounding, rule.stateType)
    (self.path, self.step) = (path, step)
  }

  private init() { (weights, states, path, step) = (.nearest, .full, "", 1) }

  /// To the nearest.
  static let nearest = UpdateRounding()

  /// The parameter, whose state has the compensation where there is one.
  func weights(_ elements: Tensor, _ state: ParameterState) -> RoundedTensor {
    let compensation = state.tensors[StateSlot.compensation]
    switch weights {
    case .stochastic(let seed): return stochastic(elements, seed, stream: path)
    case .compensated where compensation != nil:
      return RoundedTensor(
        elements, compensation: compensation, rounding: tk_round_compensated)
    case .compensated, .nearest: return RoundedTensor(elements)
    }
  }

  /// A tensor of the state.
  func state(_ name: String, _ elements: Tensor) -> RoundedTensor {
    guard case .bfloat16(let seed) = states else { return RoundedTensor(elements) }
    return stochastic(elements, seed, stream: "\(path).\(name)")
  }

  private func stochastic(_ elements: Tensor, _ seed: UInt64, stream: String) -> RoundedTensor {
    var generator = tk_philox()
    generator.key = seed ^ stream.fingerprint
    generator.position = UInt64(step - 1) &* UInt64((elements.count + 7) / 8)
    return RoundedTensor(elements, rounding: tk_round_stochastic, generator: generator)
  }
}

extension String {
  /// The same number in every run, by Fowler, Noll and Vo (FNV-1a).
  fileprivate var fingerprint: UInt64 {
    utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
