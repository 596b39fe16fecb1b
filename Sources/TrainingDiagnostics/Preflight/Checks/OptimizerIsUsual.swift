internal import TrainingKit

/// An optimizer with a number that few trainings have.
///
/// - Finds: an epsilon above 1e-3, beside which moments count little; a momentum or a beta1 above 0.98; a beta2 below
///   0.9 or as good as 1. All are notes, as some models are trained so, but for a momentum of 1, which adds all
///   gradients up for ever, and a beta2 below the square of beta1, where moments outlive what they are divided by.
/// - Source: the defaults of Kingma and Ba 2015, arXiv:1412.6980, and how far trainings leave them, as for an epsilon
///   of 1e-3 in Zaheer et al. 2018, "Adaptive Methods for Nonconvex Optimization"; for beta2 Zhang et al. 2022,
///   arXiv:2208.09632.
public struct OptimizerIsUsual: PreflightCheck {
  /// `optimizer`
  public static let name = "optimizer"
  /// What is true of a run that passes.
  public static let statement = "the optimizer's numbers are usual ones"

  /// Creates the check.
  public init() {}

  /// Looks at the numbers that have a usual range.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let beta1 = (subject.optimizer as? any HasUsualNumbers)?.number("beta1") ?? 0
    return subject.optimizer.unusualNumbers.map { number in
      let isBroken =
        number.name == "momentum" && number.value >= 1
        || number.name == "beta2" && number.value < beta1 * beta1
      return subject.finding(
        .unusualSetting, .optimizer, isBroken ? .warning : .note, isBroken ? 0.95 : 0.6,
        ["value": number.value, "usual_value": number.usual],
        remedy: "see whether the \(number.name) is meant: \(number.usual.shortened) is usual",
        place: "optimizer.\(number.name)",
        sources: ["Kingma and Ba 2015, arXiv:1412.6980"])
    }
  }
}
