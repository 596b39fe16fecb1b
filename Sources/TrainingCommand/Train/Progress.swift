/// Shows how a run goes: one line that is written over on a terminal, a plain line an epoch elsewhere.
struct Progress {
  struct State {
    var epoch, epochs, step, steps: Int
    var loss, accuracy, gradientNorm, learningRate: Double
    /// What the doctor says; nil when there is none.
    var health: String?
  }

  /// What was spent before the run was resumed.
  let secondsBefore: Double
  private let start = ContinuousClock.now
  init(secondsBefore: Double) { self.secondsBefore = secondsBefore }

  private var live = LiveLine()

  var seconds: Double {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return secondsBefore + Double(seconds) + Double(attoseconds) * 1e-18
  }

  /// Shows a step where somebody is watching.
  mutating func show(_ state: State) {
    if live.isDue() { live.showAtOnce(line(state)) }
  }

  /// Shows the end of an epoch, which stays on the screen.
  func finishEpoch(_ state: State, heldOut: Double) {
    note(line(state) + "  held-out \(Format.percent(heldOut))")
  }

  /// Shows what is tried, where somebody is watching: the run stands still meanwhile.
  func show(trial number: Int, _ remedies: String) {
    live.showAtOnce("trial \(number): \(remedies) …")
  }

  /// Takes away what is shown and does not stay.
  func clear() { live.clear() }

  /// Writes a line of its own, such as the reason for a skipped step.
  func note(_ text: String) {
    clear()
    Console.write(text + "\n")
  }

  private func line(_ state: State) -> String {
    let rate = Double(state.step) / max(seconds, 1e-9)
    let rest = Double(state.steps - state.step) / rate
    return "epoch \(state.epoch)/\(state.epochs)  step \(state.step)/\(state.steps)"
      + "  loss \(Format.fixed(state.loss, 4))  accuracy \(Format.percent(state.accuracy))"
      + "  gradient \(Format.significant(state.gradientNorm))"
      + "  rate \(Format.significant(state.learningRate))"
      + (state.health.map { "  \($0)" } ?? "")
      + "  \(Format.significant(rate)) steps/s  \(Format.duration(rest)) left"
  }
}
