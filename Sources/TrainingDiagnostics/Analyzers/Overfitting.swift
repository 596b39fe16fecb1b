/// Models that learn their training data by heart.
///
/// - Finds: five evaluations in a row on held-out data at least 5 % above the best one, which is eight times the
///   usual change, still rising, while the loss on training data is below what it was then.
public struct Overfitting: Analyzer {
  /// `overfitting`
  public static let name = "overfitting"
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
    guard let rise = Rise(of: held, over: 5), rise.share >= 0.05, rise.noises >= 8, rise.climb >= 0,
      let place = training.steps.firstIndex(where: { $0 >= rise.step }),
      now < training.values[place]
    else { return nil }
    return Finding(
      .overfitting, cause: .overfitting, severity: .warning, step: last.step, confidence: 0.9,
      evidence: [
        "validation_loss": last.value, "best_validation_loss": rise.best,
        "best_step": Double(rise.step), "rise": rise.share, "train_loss": now,
        "train_loss_then": training.values[place],
      ],
      remedy:
        "take the weights of step \(rise.step); more data or augmentation, weight decay, dropout, a smaller model",
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
