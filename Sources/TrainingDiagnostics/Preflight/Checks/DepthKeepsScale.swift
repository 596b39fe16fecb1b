internal import TrainingKit

/// Whether activations and gradients keep their size over the depth of the model.
///
/// - Finds: a layer that makes its inputs more than eight times as large; gradients of the first layer's output more
///   than 10⁴ times as large, or as small, as those of the last. Growth over layers is told as λ = ln(ratio) / L.
/// - Source: OLMo 2, arXiv:2501.00656, on λ at the start; Glorot and Bengio 2010.
public struct DepthKeepsScale: PreflightCheck {
  /// `depth`
  public static let name = "depth"
  /// What it finds of a healthy run.
  public static let statement = "values and gradients keep their size from layer to layer"

  /// Creates the check.
  public init() {}

  /// Looks at the layers that have a weight, in the order of their calls.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let layers = Layer.all(in: subject)
    if let finding = sameUnits(layers, subject) ?? loudLayer(layers, subject) { return [finding] }
    return overDepth(layers, subject).map { [$0] } ?? []
  }

  /// Units of equal weights stay equal for ever.
  private func sameUnits(_ layers: [Layer], _ subject: PreflightSubject) -> Finding? {
    let same = layers.first { layer in
      let weight = layer.weight.detached().cast(to: .float32)
      return layer.isTrained && weight.count > 1 && weight.shape[0] > 1
        && weight.largestMagnitude > 0
        && (weight.max() - weight.min()).item() == 0
    }
    return same.map { layer in
      subject.finding(
        .badInitialization, .symmetry, .fault, 0.98, ["weight": layer.weight.largestMagnitude],
        remedy: "start the weight with random numbers: units that are alike stay alike",
        place: layer.path)
    }
  }

  private func loudLayer(_ layers: [Layer], _ subject: PreflightSubject) -> Finding? {
    guard let loud = layers.first(where: { $0.gain > 8 }) else { return nil }
    return subject.finding(
      .badInitialization, .initialization, loud.gain > 100 ? .fault : .warning, 0.95,
      [
        "gain": loud.gain, "input_rms": loud.inputLevel, "output_rms": loud.outputLevel,
        "weight_rms": loud.weight.rootMeanSquare,
      ],
      remedy: "start the weight by its fan-in, such as .heUniform or .xavierUniform",
      place: loud.path,
      sources: ["He et al. 2015, arXiv:1502.01852"])
  }

  private func overDepth(_ layers: [Layer], _ subject: PreflightSubject) -> Finding? {
    let known = layers.filter { $0.gradientLevel.map { $0 > 0 && $0.isFinite } ?? false }
    guard known.count >= 3, let first = known.first?.gradientLevel,
      let last = known.last?.gradientLevel
    else { return nil }
    let ratio = first / last
    guard ratio > 1e4 || ratio < 1e-4 else { return nil }
    let isExploding = ratio > 1
    let bad =
      isExploding
      ? known.last!
      : known.first { abs(logarithm($0.gradientLevel! / last)) < logarithm(100) } ?? known[0]
    return subject.finding(
      isExploding ? .explosion : .vanishingGradients, .initialization,
      abs(logarithm(ratio)) > logarithm(1e7) ? .fault : .warning, 0.9,
      [
        "gradient_ratio": ratio, "lambda": logarithm(ratio) / Double(known.count - 1),
        "layers": Double(known.count),
        "activation_ratio": known.last!.outputLevel / max(known[0].outputLevel, 1e-300),
      ],
      remedy: isExploding
        ? "start weights smaller, by their fan-in, and normalize between layers"
        : "start weights by their fan-in and activation (.heNormal for rectifiers, .xavierNormal for tanh), normalize "
          + "between layers, or add residual connections",
      place: bad.path, sources: ["Glorot and Bengio 2010", "OLMo 2, arXiv:2501.00656"])
  }
}

/// A layer with a weight that was called.
private struct Layer {
  let path: String
  let weight: Tensor
  /// Whether the weight gets a gradient.
  let isTrained: Bool
  let inputLevel, outputLevel: Double
  /// The root mean square of the loss's gradient at the output, over all of its elements.
  let gradientLevel: Double?
  /// How much larger the output is than the input.
  var gain: Double { inputLevel > 0 ? outputLevel / inputLevel : 0 }

  static func all(in subject: PreflightSubject) -> [Layer] {
    let weights = Dictionary(
      subject.parameters.map { ($0.path, $0.parameter.value) },
      uniquingKeysWith: { first, _ in first })
    return subject.pass.calls.enumerated().compactMap { place, call in
      guard call.kind == .module, let path = call.path, let input = call.inputs.first,
        let output = call.outputs.first, input.dtype.isFloatingPoint,
        let weight = weights[path.isEmpty ? "weight" : path + ".weight"], weight.rank >= 2
      else { return nil }
      return Layer(
        path: path, weight: weight,
        isTrained: subject.pass.gradients?[path.isEmpty ? "weight" : path + ".weight"] != nil,
        inputLevel: input.rootMeanSquare,
        outputLevel: output.rootMeanSquare,
        gradientLevel: subject.pass.callGradients[place]?.rootMeanSquare)
    }
  }
}
