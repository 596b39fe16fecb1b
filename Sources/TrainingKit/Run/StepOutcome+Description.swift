extension StepOutcome: CustomStringConvertible {
  /// One line: `step 12 applied: loss 2.31, gradient norm 1.04, learning rate 0.001, 3.2 ms`.
  public var description: String {
    switch self {
    case .applied(let report): "step \(report.step) applied: \(report.numbers)"
    case .skipped(let reason, let report): "step \(report.step) skipped: \(reason)"
    }
  }
}

extension StepReport: CustomStringConvertible {
  /// One line of what was measured: `step 12: loss 2.31, gradient norm 1.04, learning rate 0.001, 3.2 ms`.
  public var description: String { "step \(step): \(numbers)" }

  fileprivate var numbers: String {
    let missing = missing.isEmpty ? nil : "no gradient of \(missing.joined(separator: ", "))"
    let parts = [
      "loss \(loss.told)", clipping.map { "\($0)" }, "learning rate \(learningRate.told)",
      scale.map { "\($0)" }, missing, "\(seconds.milliseconds) ms",
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}

extension ClippingReport: CustomStringConvertible {
  /// The norm and what clipping did: `gradient norm 10.4 clipped to 1.0`.
  public var description: String {
    if let nonFinite { return "gradient of \(nonFinite) not finite" }
    return "gradient norm \(norm.told)" + (isClipped ? " clipped to \((norm * factor).told)" : "")
  }
}

extension ScaleUpdate: CustomStringConvertible {
  /// The scale and where it went: `loss scale 65536.0 to 32768.0`.
  public var description: String {
    "loss scale \(scaleBefore.told)" + (scaleAfter == scaleBefore ? "" : " to \(scaleAfter.told)")
  }
}

extension TrainingRun: CustomStringConvertible {
  /// One line: `run after 12 steps, 2 skipped: 4482 parameters, AdamW, learning rate 0.001`.
  public var description: String {
    let skips = skippedSteps == 0 ? "" : ", \(skippedSteps) skipped"
    return
      "run after \(steps) step\(steps == 1 ? "" : "s")\(skips): \(model.parameterCount) parameters, "
      + "\(type(of: optimizer)), learning rate \(schedule.learningRate(at: updates).told)"
  }
}

extension Double {
  /// The digits of a float32, which are those that measurements have.
  fileprivate var told: String {
    let short = Float(self)
    return short.isNormal || self == 0 ? "\(short)" : "\(self)"
  }

  /// Milliseconds of seconds, to the tenth.
  fileprivate var milliseconds: String { "\((self * 10_000).rounded() / 10)" }
}
