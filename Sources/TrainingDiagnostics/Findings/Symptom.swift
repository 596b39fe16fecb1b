/// What is seen of an illness, by a name that stays: `loss_spike`. Analyzers of your own may add names.
public struct Symptom: RawRepresentable, Sendable, Hashable, Codable {
  /// The name in files, of lower-case words joined by underscores.
  public let rawValue: String

  /// Creates a symptom of any name.
  public init(rawValue: String) { self.rawValue = rawValue }

  private init(_ name: String) { rawValue = name }

  /// The loss is NaN or infinite.
  public static let nonFiniteLoss = Symptom("non_finite_loss")
  /// The norm of the gradients is NaN or infinite.
  public static let nonFiniteGradient = Symptom("non_finite_gradient")
  /// Loss and gradients leave all bounds within a few steps.
  public static let explosion = Symptom("explosion")
  /// The norm of the gradients multiplies from step to step.
  public static let gradientGrowth = Symptom("gradient_growth")
  /// The loss is far above its level for a few steps.
  public static let lossSpike = Symptom("loss_spike")
  /// The loss rises for long.
  public static let divergence = Symptom("divergence")
  /// The loss does not fall.
  public static let plateau = Symptom("plateau")
  /// The loss falls, but too slowly to get anywhere.
  public static let slowConvergence = Symptom("slow_convergence")
  /// The loss swings without falling.
  public static let oscillation = Symptom("oscillation")
  /// The loss on held-out data rises while the loss on training data falls.
  public static let overfitting = Symptom("overfitting")
  /// The loss scale falls again and again.
  public static let lossScaleCollapse = Symptom("loss_scale_collapse")
  /// Gradients are as good as zero while there is much to learn.
  public static let vanishingGradients = Symptom("vanishing_gradients")
  /// Nearly every step is clipped to a small part of its gradients.
  public static let clippingDominates = Symptom("clipping_dominates")
  /// The learning rate is zero.
  public static let zeroLearningRate = Symptom("zero_learning_rate")
  /// The learning rate jumps up, and the loss with it.
  public static let learningRateJump = Symptom("learning_rate_jump")
  /// The run goes on from an earlier step, worse than it was there.
  public static let resumeJump = Symptom("resume_jump")
  /// The same losses come again in the same order.
  public static let repeatedLosses = Symptom("repeated_losses")
  /// Step after step moves nothing.
  public static let skippedSteps = Symptom("skipped_steps")
}

extension Symptom: CustomStringConvertible {
  /// The name in words.
  public var description: String { rawValue.inWords }
}

extension String {
  /// `loss_spike` as `loss spike`.
  var inWords: String { String(map { $0 == "_" ? " " : $0 }) }
}
