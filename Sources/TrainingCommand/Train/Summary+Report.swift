extension Summary {
  /// What people want to know at the end.
  var report: String {
    let accuracy = finalAccuracy.map(Format.percent) ?? "no epoch came to its end"
    let weights = settings.ema == nil ? "" : " (averaged weights)"
    var lines = ["accuracy on held-out data  \(accuracy)\(weights)"]
    if let loss = lossPerEpoch.last {
      lines.append("loss of the last epoch     \(Format.fixed(loss, 4))")
    }
    let skipped = skippedSteps == 0 ? "none" : "\(skippedSteps)"
    lines.append("steps                      \(steps), \(skipped) skipped")
    for (reason, steps) in skips.sorted(by: { $0.value[0] < $1.value[0] }) {
      lines.append("  skipped because \(reason): \(Summary.words(of: steps))")
    }
    if let treatments {
      lines.append("treatments                 \(treatments.count)")
      lines += treatments.map { "  \($0)" }
    }
    lines.append(
      "time                       \(Format.duration(seconds)), "
        + "\(Format.significant(stepsPerSecond)) steps/s")
    return lines.joined(separator: "\n")
  }

  /// `step 7`, or `steps 1 to 20, 33, 35 and 12 more`.
  static func words(of steps: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for step in steps {
      if let last = runs.last, last.upperBound + 1 == step {
        runs[runs.count - 1] = last.lowerBound...step
      } else {
        runs.append(step...step)
      }
    }
    let shown = runs.prefix(8)
    let texts = shown.map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)"
    }
    let rest = steps.count - shown.reduce(0) { $0 + $1.count }
    return (steps.count == 1 ? "step " : "steps ") + texts.joined(separator: ", ")
      + (rest > 0 ? " and \(rest) more" : "")
  }
}
