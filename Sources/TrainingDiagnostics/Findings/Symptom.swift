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

extension Symptom {
  /// The model or the loss cannot be computed on a batch.
  public static let notComputable = Symptom("not_computable")
  /// Training will not fit into memory.
  public static let outOfMemory = Symptom("out_of_memory")
  /// Labels cannot be learned as they are.
  public static let unusableLabels = Symptom("unusable_labels")
  /// The loss starts far from that of a guess.
  public static let startLoss = Symptom("start_loss")
  /// The loss does not take what the model gives.
  public static let outputMismatch = Symptom("output_mismatch")
  /// Weights start with a scale, or a symmetry, that will not train.
  public static let badInitialization = Symptom("bad_initialization")
  /// Units give zero whatever goes in.
  public static let deadUnits = Symptom("dead_units")
  /// Activations are at the flat ends of their range.
  public static let saturation = Symptom("saturation")
  /// A trainable parameter gets no gradient.
  public static let noGradient = Symptom("no_gradient")
  /// A parameter that has a gradient is not moved.
  public static let frozenParameter = Symptom("frozen_parameter")
  /// Inputs have a scale that models do not start well with.
  public static let inputScale = Symptom("input_scale")
  /// Examples are there more than once.
  public static let repeatedExamples = Symptom("repeated_examples")
  /// The output is the same whatever goes in.
  public static let constantOutput = Symptom("constant_output")
  /// The output of an example depends on others.
  public static let mixedExamples = Symptom("mixed_examples")
  /// Training and evaluation see different losses on the same batch.
  public static let modeMismatch = Symptom("mode_mismatch")
  /// A model cannot learn one batch by heart.
  public static let cannotOverfit = Symptom("cannot_overfit")
}

extension Symptom {
  /// Gradients grow from layer to layer on their way to the input.
  public static let explodingGradients = Symptom("exploding_gradients")
  /// Weights move by far more, or far less, than their size asks for.
  public static let updateRatio = Symptom("update_ratio")
  /// Inputs have another scale than they had.
  public static let inputShift = Symptom("input_shift")
  /// Losses have come to a higher level from one step to the next.
  public static let levelRise = Symptom("level_rise")
  /// A number of the optimizer is far from what is usual.
  public static let unusualSetting = Symptom("unusual_setting")
  /// Weights shrink towards zero.
  public static let weightCollapse = Symptom("weight_collapse")
  /// Updates are too small for the 16 bits of the weights.
  public static let roundingStagnation = Symptom("rounding_stagnation")
  /// What a layer puts out has grown manyfold over the run.
  public static let activationGrowth = Symptom("activation_growth")
  /// Queries and keys of attention have products so large that one key takes all.
  public static let attentionScores = Symptom("attention_scores")
  /// The scores of a classifier drift away together.
  public static let logitDrift = Symptom("logit_drift")
  /// The gradient of an embedding outgrows those of all other layers.
  public static let embeddingInstability = Symptom("embedding_instability")
  /// The optimizer's mean of squares is behind the gradients.
  public static let staleMoments = Symptom("stale_moments")
  /// Each look finds more memory in use.
  public static let memoryGrowth = Symptom("memory_growth")
  /// Some examples are held for something else than their labels say.
  public static let noisyLabels = Symptom("noisy_labels")
  /// Steps wait for their batches.
  public static let slowLoader = Symptom("slow_loader")
}

extension Symptom: CustomStringConvertible {
  /// The name in words.
  public var description: String { rawValue.inWords }
}

extension String {
  /// `loss_spike` as `loss spike`.
  var inWords: String { String(map { $0 == "_" ? " " : $0 }) }
}
