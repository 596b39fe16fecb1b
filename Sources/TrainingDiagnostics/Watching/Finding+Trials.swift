extension Finding {
  /// Whether a trial of what a note asks for gains so much, beside the run as it was, that it is no mere note.
  ///
  /// What gains twice as much has been missed. A rate that was too high at first has cost a fifth of what there was to
  /// gain. A rate is too low where one thirty times as high is best, or one ten times as high while the loss has hardly
  /// fallen: most healthy runs would gain somewhat by a higher one.
  package func isBorneOut(by trial: Trial, beside control: Trial) -> Bool {
    guard trial.lossAfter < control.lossAfter - 0.01 * abs(control.lossAfter) else { return false }
    switch (symptom, cause) {
    case (_, .schedule): return trial.gain > 1.25 * control.gain
    case (.unusualSetting, _): return trial.gain > 2 * control.gain
    case (_, .learningRateTooLow):
      guard case .learningRate(let factor)? = trial.remedies.first,
        factor > 10 || factor == 10 && evidence["fall"] ?? 0 < 0.03
      else { return false }
      // A run that is a hundred times too slow has not gained much by any rate yet.
      let isWorth =
        factor >= 100
        ? control.lossAfter - trial.lossAfter > 0.04 * abs(control.lossAfter)
        : trial.isWorth(beside: control)
      return isWorth && trial.gain > 2 * control.gain
    default: return trial.isWorth(beside: control) && trial.gain > 2 * control.gain
    }
  }

  /// The finding of weights whose 16 bits round steps away.
  var rounded: Finding {
    var finding = self
    finding.cause = .rounding
    finding.remedy =
      "keep weights in float32 and compute in 16 bits, or let rounding be compensated; then see about the rate"
    return finding
  }
}
