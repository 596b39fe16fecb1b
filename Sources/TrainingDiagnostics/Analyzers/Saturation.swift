/// Activations at the flat ends of their range, which let no gradient through.
///
/// - Finds: tanh or sigmoid more than half of whose values are within 1 % of an end in four examinations in a row,
///   while the loss has hardly fallen. Gates and outputs are at their ends in healthy models, and so are units of a
///   model that has learnt.
/// - Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
public struct Saturation: Analyzer {
  /// `saturation`
  public static let name = "saturation"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var watch = ShareWatch()

  /// Creates the analyzer.
  public init() {}

  /// Looks at every tanh and sigmoid; the first bad one is told.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    let gates = details.gatedPaths
    var worst: (place: String, share: Double)?
    let found = details.innerValues { gates.contains($0.path) ? nil : $0.saturatedShare }
    for (place, shares) in found {
      let share = shares.median
      if watch.note(share, at: place, of: step) >= 4, worst == nil { worst = (place, share) }
    }
    guard let worst, history.lossFall ?? 0 < 0.3 else { return nil }
    return finding(step, history, worst.place, worst.share)
  }

  private func finding(
    _ step: StepRecord, _ history: RunHistory, _ place: String, _ share: Double
  ) -> Finding {
    let start = watch.starts[place] ?? share
    let isInput = watch.inputLevel ?? 0 > 8
    let cause: Cause =
      start <= 0.5 ? .learningRateTooHigh : isInput ? .inputScale : .initialization
    return Finding(
      .saturation, cause: cause, severity: share > 0.95 ? .fault : .warning, step: step.step,
      began: watch.streaks.began(place), confidence: 0.9,
      evidence: [
        "saturated_share": share, "saturated_share_at_start": start,
        "input_level": watch.inputLevel,
        "loss_fall": history.lossFall,
      ],
      remedy: start <= 0.5
        ? "lower the learning rate; normalize before the activation"
        : isInput
          ? "bring inputs to mean 0 and variance 1"
          : "start the layer before with smaller weights, such as .xavierUniform",
      place: place, sources: ["Glorot and Bengio 2010"])
  }
}

extension StepDetails {
  /// The paths of cells that mix tanh and sigmoid, whose gates open and close.
  fileprivate var gatedPaths: Set<String> {
    let tanh = activations.filter { $0.operation == "tanh" }.map(\.path)
    return Set(tanh).intersection(activations.filter { $0.operation == "sigmoid" }.map(\.path))
  }
}
