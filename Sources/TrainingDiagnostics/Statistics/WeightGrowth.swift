/// How far the weight matrices of a model have grown since they were first looked at.
struct WeightGrowth: Sendable {
  private var starts: [String: Double] = [:]
  /// The median over matrices of how many times as large they are as at first; nil before they were looked at twice.
  private(set) var median: Double?

  /// Adds what an examination saw.
  mutating func note(_ details: StepDetails) {
    var ratios: [Double] = []
    for matrix in details.matrices {
      guard let level = matrix.weightRMS, level > 0 else { continue }
      if let start = starts[matrix.path] {
        ratios.append(level / start)
      } else {
        starts[matrix.path] = level
      }
    }
    if !ratios.isEmpty { median = ratios.median }
  }
}
