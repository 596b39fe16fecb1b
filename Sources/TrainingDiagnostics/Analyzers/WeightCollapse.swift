/// Weights that are pulled towards zero faster than their gradients can hold them.
///
/// - Finds: more than half of the weight matrices below a tenth of what they were at first, in two examinations in a
///   row, while the loss has hardly fallen. Models learn by weights that grow, or stay about as large as they start;
///   sparse models whose loss falls are left alone.
/// - Source: Loshchilov and Hutter 2019, arXiv:1711.05101: the decay of a step is the learning rate times its factor.
public struct WeightCollapse: Analyzer {
  /// `weight-collapse`
  public static let name = "weight-collapse"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var starts: [String: Double] = [:]
  private var streaks = Streaks()

  /// Creates the analyzer.
  public init() {}

  /// Compares matrices with what they were at first.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    var shares: [(path: String, share: Double)] = []
    for matrix in details.matrices {
      guard let level = matrix.weightRMS else { continue }
      let start = starts[matrix.path] ?? level
      starts[matrix.path] = start
      // What starts at zero cannot shrink.
      if start > 0 { shares.append((matrix.path, level / start)) }
    }
    let bad = shares.filter { $0.share < 0.1 }
    let isMost = 2 * bad.count > shares.count
    guard streaks.note(isMost, at: "", of: step) >= 2, let fall = history.lossFall, fall < 0.2,
      let worst = bad.min(by: { $0.share < $1.share })
    else { return nil }
    return Finding(
      .weightCollapse, cause: .weightDecay, severity: .warning, step: step.step,
      began: streaks.began(""), confidence: 0.9,
      evidence: [
        "share_of_start": worst.share, "matrices": Double(bad.count), "of": Double(shares.count),
        "loss_fall": fall, "learning_rate": step.learningRate,
      ],
      remedy: "divide the weight decay by ten, or set it to 0", place: worst.path,
      sources: ["Loshchilov and Hutter 2019, arXiv:1711.05101"])
  }
}
