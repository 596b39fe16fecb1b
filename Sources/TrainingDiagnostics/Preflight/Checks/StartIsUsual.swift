internal import TrainingKit

/// Whether weights start at a scale that lets something through.
///
/// - Finds: a model most of whose weight matrices make less than a thirtieth of what goes in, by their fan-in, where
///   they are not zero on purpose. Starts in use make a half to one and a half; those of wide transformers, taken
///   over for one of sixteen features, a twentieth.
/// - Source: He et al. 2015, arXiv:1502.01852; Glorot and Bengio 2010.
public struct StartIsUsual: PreflightCheck {
  /// `start-scale`
  public static let name = "start-scale"
  /// What is true of a run that passes.
  public static let statement = "weights start large enough for their fan-in"

  /// Creates the check.
  public init() {}

  /// Looks at the weights of a run that has not begun.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    guard subject.step == 0 else { return [] }
    let gains = subject.parameters.compactMap { named -> (path: String, gain: Double)? in
      let value = named.parameter.value
      guard named.parameter.isTrainable, value.rank >= 2, value.shape[0] > 0 else { return nil }
      let gain = value.rootMeanSquare * Double(value.count / value.shape[0]).squareRoot()
      return gain > 0 ? (named.path, gain) : nil
    }
    let faint = gains.filter { $0.gain < 1.0 / 30 }
    guard 2 * faint.count > gains.count, let least = faint.min(by: { $0.gain < $1.gain }) else {
      return []
    }
    return [
      subject.finding(
        .badInitialization, .initialization, .warning, 0.85,
        ["gain": least.gain, "matrices": Double(faint.count), "of": Double(gains.count)],
        remedy: "start weights by their fan-in, such as by .heUniform or .xavierUniform",
        place: faint[0].path,
        sources: ["He et al. 2015, arXiv:1502.01852"])
    ]
  }
}
