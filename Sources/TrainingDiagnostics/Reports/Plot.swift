/// What is drawn in one pair of axes: quantities of the same unit.
public struct Plot: Sendable, Hashable {
  /// The name in files, of lower-case words joined by dashes.
  public let name: String
  /// The title in reports.
  public let title: String
  /// What is drawn.
  public let quantities: [Quantity]
  /// Whether the values are told apart by their ratios: drawn on a logarithmic axis wherever it shows them all.
  let isLogarithmic: Bool

  /// The losses of steps and evaluations.
  public static let loss = Plot(
    name: "loss", title: "Loss", quantities: [.loss, .trainLoss, .validationLoss],
    isLogarithmic: false)

  /// All plots, the most telling first.
  public static let all: [Plot] = [
    loss,
    Plot(
      name: "gradient-norm", title: "Gradient norm", quantities: [.gradientNorm],
      isLogarithmic: true),
    Plot(
      name: "learning-rate", title: "Learning rate", quantities: [.learningRate],
      isLogarithmic: false),
    Plot(name: "loss-scale", title: "Loss scale", quantities: [.lossScale], isLogarithmic: true),
    Plot(
      name: "clip-factor", title: "Clip factor", quantities: [.clipFactor], isLogarithmic: false),
  ]

  /// What is known of the quantities; what is not known at all is left out.
  func series(of steps: [StepRecord]) -> [PlotSeries] {
    quantities.map { PlotSeries($0, of: steps) }.filter { !$0.points.isEmpty }
  }

  /// Whether these values are drawn on a logarithmic axis: when that was wanted, or else some would hide the others.
  func isLogarithmic(_ series: [PlotSeries]) -> Bool {
    let values = series.flatMap(\.finiteValues)
    guard let lowest = values.min(), let highest = values.max(), lowest > 0 else { return false }
    return highest > lowest * (isLogarithmic ? 3 : 100)
  }
}

extension Quantity {
  /// What a curve is called beside others.
  var label: String {
    switch self {
    case .trainLoss: "training evaluation"
    case .validationLoss: "validation"
    default: rawValue.inWords
    }
  }
}
