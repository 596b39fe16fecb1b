/// What is left of a sample when its mean, if it `isCentered`, and its length are taken off: values of mean square 1,
/// and one over the root of what was the mean square.
struct StandardizedSample {
  /// In 16 bits under an autocast: they are at most the root of their number, which no dtype is too short for.
  let values: Tensor
  let root: Tensor
  let axes: [Int]
  let isCentered: Bool

  /// The values and the root as functions of the sample they came from.
  func functions(of x: Tensor) -> (values: Tensor, root: Tensor) {
    let values = values.cast(to: root.dtype)
    return (
      Part(sample: self, isRoot: false).recorded(values, of: [x], in: .current),
      Part(sample: self, isRoot: true).recorded(root, of: [x], in: .current)
    )
  }

  /// What a gradient of the values is to the sample: what would only change its mean or length does not get through.
  func slope(_ gradient: Tensor, _ values: Tensor, _ root: Tensor) -> Tensor {
    let along = (gradient * values).mean(axes: axes, keepDims: true)
    let across = gradient - values * along
    guard isCentered else { return consume across * root }
    return (consume across - gradient.mean(axes: axes, keepDims: true)) * root
  }

  /// The values or the root, for derivatives of higher order.
  private struct Part: Differentiable {
    let sample: StandardizedSample
    let isRoot: Bool

    var name: String { isRoot ? "standardizedRoot" : "standardized" }
    var saves: Saved { [] }

    func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
      let (values, root) = sample.functions(of: inputs[0])
      let count = Double(values.count / Swift.max(1, root.count))
      let slope =
        isRoot ? -values * root * root * gradient / count : sample.slope(gradient, values, root)
      return [slope.cast(to: inputs[0].dtype)]
    }
  }
}
