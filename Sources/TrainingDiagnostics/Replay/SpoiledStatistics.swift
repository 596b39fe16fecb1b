internal import TrainingKit

extension Replay {
  /// Asks whether the item is one that the running statistics were never like, and which step has spoilt them: the loss
  /// of an item in evaluation jumps there. Where none has, they are behind weights that move fast, which is a note.
  func withSpoiledStatistics(_ finding: Finding, _ item: Item) throws -> Finding {
    var found = finding
    found.began = nil
    if let outlier = try withOutlier(found) { return outlier }
    found.began = finding.began
    guard let (step, rise) = try jumpOfEvaluation(of: item) else {
      found.severity = .note
      return found
    }
    found.began = step < finding.step ? step : nil
    found.evidence = found.evidence.adding(["jump_in_evaluation": rise])
    var suspect = found
    suspect.step = step
    guard let outlier = try withOutlier(suspect) else { return found }
    (found.cause, found.confidence) = (outlier.cause, outlier.confidence)
    (found.evidence, found.examples) = (outlier.evidence, outlier.examples)
    found.remedy =
      "recalibrate the running statistics over usual batches, and look at the data of step \(step)"
    return found
  }

  /// The step behind which the loss of an item in evaluation rose by more than half of all that it has risen by,
  /// and by far more than at others; nil where none did.
  private func jumpOfEvaluation(of item: Item) throws -> (step: Int, rise: Double)? {
    guard let start = moments.all.first?.snapshot else { return nil }
    let losses = try run.undone { run in
      func evaluation() throws -> Double {
        let value = try run.lossInEvaluation { try loss($0, item) }
        return value.isFinite ? value : .greatestFiniteMagnitude
      }
      try run.restore(start)
      var losses = [try evaluation()]
      for item in moments.items(since: .last(0)) {
        _ = try? loss.step(&run, item)
        losses.append(try evaluation())
      }
      return losses
    }
    let rises = zip(losses.dropFirst(), losses).map { $0 - $1 }
    guard let largest = rises.max(), let place = rises.firstIndex(of: largest),
      largest > max(0.5 * (losses.last! - losses[0]), 10 * rises.map(abs).median)
    else { return nil }
    return (start.steps + place, largest)
  }
}
