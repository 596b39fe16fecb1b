extension StepDetails {
  /// The weight matrices and kernels that are large enough for their levels to say something.
  var matrices: [ParameterDetails] { parameters.filter { $0.rank >= 2 && $0.count >= 16 } }

  /// What modules with a weight matrix put out, in the order in which they were done.
  var layerOutputs: [ActivationDetails] {
    let paths = weightedPaths
    return activations.filter { $0.operation == nil && paths.contains($0.path) }
  }

  private var weightedPaths: Set<String> {
    Set(
      matrices.compactMap { matrix in
        guard matrix.path.hasSuffix("weight") else { return nil }
        return String(matrix.path.dropLast(matrix.path == "weight" ? 6 : 7))
      })
  }

  /// What is known of the operations within the model by their places: those behind the last layer are its output, of
  /// which zeros and ends may be right. An operation that is done several times in a place has several values.
  func innerValues(_ value: (ActivationDetails) -> Double?) -> [(place: String, values: [Double])] {
    let paths = weightedPaths
    let end = activations.lastIndex { $0.operation == nil && paths.contains($0.path) }
    var found: [(place: String, values: [Double])] = []
    var places: [String: Int] = [:]
    for activation in activations[..<(end ?? activations.count)] {
      guard let value = value(activation) else { continue }
      if let known = places[activation.place] {
        found[known].values.append(value)
      } else {
        places[activation.place] = found.count
        found.append((activation.place, [value]))
      }
    }
    return found
  }

  /// How large the inputs of the first layer look, by what it makes of them; nil where its fan-in is unknown.
  var inputLevel: Double? {
    guard let output = layerOutputs.first, let rms = output.rms else { return nil }
    let prefix = output.path.isEmpty ? "" : output.path + "."
    guard let weight = parameters.first(where: { $0.path == prefix + "weight" }),
      let bias = parameters.first(where: { $0.path == prefix + "bias" }), bias.count > 0,
      let scale = weight.weightRMS, scale > 0, let shift = bias.weightRMS
    else { return nil }
    let square = max(0, rms * rms - shift * shift)
    return square.squareRoot() / (scale * (Double(weight.count) / Double(bias.count)).squareRoot())
  }
}

extension ActivationDetails {
  /// Where it is, for people: the path and the operation.
  var place: String {
    guard let operation else { return path }
    return path.isEmpty ? operation : "\(path) (\(operation))"
  }
}

extension ParameterDetails {
  /// The share of the elements with a gradient that were not moved; nil where no step was taken.
  var idleShare: Double? {
    guard let unmovedShare, let zeros = gradientZeroShare, zeros < 1 else { return nil }
    return max(0, unmovedShare - zeros) / (1 - zeros)
  }

  /// Whether the weights look like those of a format with this many digits behind the binary point.
  private func fits(digits: UInt64) -> Bool {
    weightLargest.isFinite && weightLargest.bitPattern & ((1 << (52 - digits)) - 1) == 0
  }

  /// The distance of neighbours in the format that the weights are in, as a share of a weight; nil in float32, which
  /// few numbers of 16 bits are taken for.
  var halfPrecision: Double? { fits(digits: 7) ? 0x1p-7 : fits(digits: 10) ? 0x1p-10 : nil }
}
