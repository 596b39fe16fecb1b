/// What is drawn in one pair of axes: quantities of the same unit, or what was seen inside the model.
public struct Plot: Sendable, Hashable {
  /// The name in files, of lower-case words joined by dashes.
  public let name: String
  /// The title in reports.
  public let title: String
  /// What is drawn over steps; none where it is the inside of the model.
  public let quantities: [Quantity]
  /// Whether the values are told apart by their ratios: drawn on a logarithmic axis wherever it shows them all.
  let isLogarithmic: Bool
  let content: Content

  /// What kind of plot it is.
  enum Content: Hashable {
    case curves, gradients, updateRatios, memory, activations
  }

  private init(
    _ name: String, _ title: String, _ quantities: [Quantity] = [], isLogarithmic: Bool = false,
    content: Content = .curves
  ) {
    (self.name, self.title, self.quantities) = (name, title, quantities)
    (self.isLogarithmic, self.content) = (isLogarithmic, content)
  }

  /// The losses of steps and evaluations.
  public static let loss = Plot("loss", "Loss", [.loss, .trainLoss, .validationLoss])

  /// The gradient of each parameter at the steps that were looked at, as colours.
  public static let gradients = Plot(
    "gradients", "Gradients by layer over steps", content: .gradients)

  /// How far each matrix was moved at the steps that were looked at.
  public static let updateRatios = Plot("update-ratios", "Update ratios", content: .updateRatios)

  /// The memory in use after the steps that were looked at.
  public static let memory = Plot("memory", "Memory by owner", content: .memory)

  /// What layers put out at the last step that was looked at, and the way there.
  public static let activations = Plot("activations", "Activations", content: .activations)

  /// All plots, the most telling first; those of the inside of the model are the last ones.
  public static let all = curves + [gradients, updateRatios, memory, activations]

  /// The plots of quantities over steps.
  static let curves = [
    loss,
    Plot("gradient-norm", "Gradient norm", [.gradientNorm], isLogarithmic: true),
    Plot("learning-rate", "Learning rate", [.learningRate]),
    Plot("loss-scale", "Loss scale", [.lossScale], isLogarithmic: true),
    Plot("clip-factor", "Clip factor", [.clipFactor]),
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
