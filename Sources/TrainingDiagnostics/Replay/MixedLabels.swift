internal import TrainingKit

extension Replay {
  /// Asks whether many labels were drawn at random: then those of the inputs that the model is surest of are wrong as
  /// well, whereas hard tasks have their mistakes where classes are close, and take a label for its neighbour.
  ///
  /// - Source: Northcutt et al. 2021, "Confident Learning", arXiv:1911.00068.
  func mixedLabels(_ history: RunHistory) throws -> Finding? {
    guard let step = history.previous?.step, let level = history.loss.recent.median else {
      return nil
    }
    let rows = try run.undone { run in
      try moments.all.flatMap(\.items).suffix(64).reversed().reduce(into: [ScoredRow]()) {
        if $0.count < Self.enoughRows { $0 += try rowsOfScores(of: $1, in: run) }
      }
    }
    guard let found = MixedLabels(rows, level: level) else { return nil }
    return Finding(
      .noisyLabels, cause: .wrongLabels, severity: .warning, step: step, confidence: 0.85,
      evidence: [
        "mixed_share": found.share, "mean_rank": found.rank, "surest_looked_at": found.count,
      ],
      remedy:
        "look at how labels are read and matched to their inputs: many are as if drawn at random",
      sources: ["Northcutt et al. 2021, arXiv:1911.00068"])
  }

  /// How many examples are looked at; beyond these few more are learned.
  private static var enoughRows: Int { 4096 }

  private func rowsOfScores(of item: Item, in run: TrainingRun<Model>) throws -> [ScoredRow] {
    var rows: [ScoredRow] = []
    _ = try run.inEvaluation { model in
      try observing(model, with: { rows += ScoredRow.all(of: $0) }) { try loss(model, item) }
    }
    return rows
  }
}

/// What a model said of an example, beside its label.
struct ScoredRow {
  let classes: Int
  /// The probability of the class that it holds for the likeliest.
  let confidence: Double
  /// How many classes it holds for likelier than the label: 0 where it is right.
  let rank: Int
  let label: Int

  /// The rows of a cross entropy; nothing of other calls, nor of vocabularies, whose tokens are not alike.
  fileprivate static func all(of call: Observation) -> [ScoredRow] {
    guard call.name == "crossEntropy", let scores = call.inputs.first?.detached(), scores.rank == 2,
      scores.shape[1] <= 1024,
      let normalizers = call.logNormalizers, let surprise = call.outputs.first?.detached()
    else { return [] }
    let x = scores.cast(to: .float32)
    let own = (normalizers - surprise).cast(to: .float32).expandedDimensions(axis: 1)
    let ranks = (x .> own + 1e-4).cast(to: .float32).sum(axis: 1).elements(Double.self)
    let labels = (x - own).abs().argmin(axis: 1).elements(Int.self)
    let confidences = (x.max(axis: 1) - normalizers.cast(to: .float32)).exp().elements(Double.self)
    return ranks.indices.map {
      ScoredRow(
        classes: x.shape[1], confidence: confidences[$0], rank: Int(ranks[$0]), label: labels[$0])
    }
  }
}

/// Labels that are wrong where the model is surest, and any class as often as any other.
struct MixedLabels {
  /// The share of all labels that were drawn at random; some of them fall on the right class.
  let share: Double
  /// The mean place of wrong labels in the model's order of the other classes: 0.5 by chance, near 0 where they are
  /// neighbours.
  let rank: Double
  /// How many of the surest examples were looked at.
  let count: Double

  /// Looks at the surest; nil where of a quarter fewer than a fifth are surely wrong or the model knows little, where
  /// of a half those that are wrong are near what the model holds for right, or of some classes above all, or where a
  /// blind guess would do better.
  ///
  /// - Parameter level: the level of the losses of batches that were new.
  init?(_ rows: [ScoredRow], level: Double) {
    guard let classes = rows.first?.classes, classes >= 4, rows.count >= 512,
      rows.allSatisfy({ $0.classes == classes }), level < logarithm(Double(classes))
    else { return nil }
    let sorted = rows.sorted { $0.confidence > $1.confidence }
    let surest = sorted.prefix(rows.count / 4)
    let errors = Double(surest.count { $0.rank > 0 }) / Double(surest.count)
    let doubt = 2 * (errors * (1 - errors) / Double(surest.count)).squareRoot()
    guard errors - doubt > 0.2, errors < 0.7,
      1 - errors > 1.5 * Double(surest.mostOfALabel) / Double(surest.count)
    else { return nil }
    let wrong = sorted.prefix(rows.count / 2).filter { $0.rank > 0 }
    let ranks = wrong.map { Double($0.rank - 1) / Double(classes - 2) }
    rank = ranks.reduce(0, +) / Double(ranks.count)
    // Chance is spread evenly from 0 to 1, with a deviation of 0.29.
    let error = 0.29 / Double(ranks.count).squareRoot()
    let expected = Double(wrong.count) / Double(classes - 1)
    guard rank + error > 0.4, Double(wrong.mostOfALabel) < 3 * expected + 3 else { return nil }
    share = errors * Double(classes) / Double(classes - 1)
    count = Double(surest.count)
  }
}

extension Collection<ScoredRow> {
  /// How many have the label that most have.
  fileprivate var mostOfALabel: Int {
    reduce(into: [:]) { $0[$1.label, default: 0] += 1 }.values.max() ?? 0
  }
}
