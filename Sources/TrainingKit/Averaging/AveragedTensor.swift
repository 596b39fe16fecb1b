/// A parameter or buffer of a model as it takes part in an average.
struct AveragedTensor {
  let path: String
  let value: Tensor
  /// Whether the average takes the value over as it is.
  let isCopied: Bool
}

extension WeightAverage.Settings {
  /// Whether an applied step, counted from 1, is one whose weights are taken.
  func takesWeights(atStep step: Int) -> Bool {
    step > start && (step - start).isMultiple(of: interval)
  }

  /// What of a model is averaged or copied.
  func tensors(of members: ModuleMembers) -> [AveragedTensor] {
    let parameters = members.parameters.map {
      AveragedTensor(path: $0.path, value: $0.parameter.value.detached(), isCopied: false)
    }
    guard buffers != .skip else { return parameters }
    return parameters
      + members.buffers.map { path, buffer in
        let isAveraged = buffers == .average && buffer.value.dtype.isFloatingPoint
        return AveragedTensor(path: path, value: buffer.value, isCopied: !isAveraged)
      }
  }
}

extension [AveragedTensor] {
  /// The first path whose value would poison an average.
  var firstNonFinite: String? { first { !$0.isCopied && !$0.value.statistics.isFinite }?.path }
}
