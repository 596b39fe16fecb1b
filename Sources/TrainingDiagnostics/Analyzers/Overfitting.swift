/// Models that learn their training data by heart.
///
/// - Finds: five evaluations in a row on held-out data at least 5 % above the best one, which is eight times the
///   usual change, still rising, while the loss on training data is below what it was then; or eight in a row each
///   above the one before, by a tenth in all, or six of them, by three tenths, while that has fallen by a tenth.
public struct Overfitting: Analyzer {
  /// `overfitting`
  public static let name = "overfitting"
  /// It looks at levels.
  public static let occasion = Occasion.level
  // The training loss at each evaluation, level for level beside those of the held-out data.
  private var training = Levels(unit: 1, capacity: 128)
  private var seen = 0

  /// Creates the analyzer.
  public init() {}

  /// Looks at the evaluation before this step.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    look(history)
  }

  /// Looks at the last evaluation.
  public mutating func conclude(_ history: RunHistory) -> Finding? { look(history) }

  private mutating func look(_ history: RunHistory) -> Finding? {
    let held = history.validationLoss
    guard held.levels.completed != seen, let last = held.last, let now = history.trainingLevel
    else {
      return nil
    }
    seen = held.levels.completed
    training.append(now, at: last.step)
    if let climb = climb(of: held) { return climb }
    guard let rise = Rise(of: held, over: 5), rise.share >= 0.05, rise.noises >= 8, rise.climb >= 0,
      let place = training.steps.firstIndex(where: { $0 >= rise.step }),
      now < training.values[place]
    else { return nil }
    return finding(from: (rise.step, rise.best), to: last, training.values[place], now)
  }

  /// A rise that is so steady that noise is no question, which may have begun with the first steps.
  private func climb(of held: Series) -> Finding? {
    let (levels, steps) = (held.levels.values.suffix(9), held.levels.steps.suffix(9))
    let training = training.values.suffix(9)
    guard levels.count == 9, training.count == 9, let last = held.last, let first = levels.first,
      training.first! - training.last! > 0.1 * abs(training.first!)
    else { return nil }
    let dips = zip(levels, levels.dropFirst()).count { $0 >= $1 }
    let height = (last.value - first) / held.magnitude(of: first)
    guard dips == 0 && height > 0.1 || dips <= 2 && height > 0.3 else { return nil }
    return finding(from: (steps.first!, first), to: last, training.first!, training.last!)
  }

  private func finding(
    from best: (step: Int, value: Double), to last: (step: Int, value: Double),
    _ trainingThen: Double, _ trainingNow: Double
  ) -> Finding {
    Finding(
      .overfitting, cause: .overfitting, severity: .warning, step: last.step,
      began: best.step, confidence: 0.9,
      evidence: [
        "validation_loss": last.value, "best_validation_loss": best.value,
        "best_step": Double(best.step),
        "rise": (last.value - best.value) / max(abs(best.value), .leastNormalMagnitude),
        "train_loss": trainingNow, "train_loss_then": trainingThen,
      ],
      remedy:
        "take the weights of step \(best.step); more data or augmentation, weight decay, dropout, a smaller model",
      sources: ["Prechelt 1998, Early Stopping - But When?"])
  }
}

extension RunHistory {
  /// The loss on training data by now: of the last evaluations, else of the last steps.
  var trainingLevel: Double? {
    if trainLoss.count > 0 { return trainLoss.recent.values.suffix(3).median }
    return loss.count > 0 ? loss.recent.values.suffix(16).median : nil
  }
}
