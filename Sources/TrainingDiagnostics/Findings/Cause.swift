/// What an illness comes from, by a name that stays: `learning_rate_too_high`. Analyzers of your own may add names.
public struct Cause: RawRepresentable, Sendable, Hashable, Codable {
  /// The name in files, of lower-case words joined by underscores.
  public let rawValue: String

  /// Creates a cause of any name.
  public init(rawValue: String) { self.rawValue = rawValue }

  private init(_ name: String) { rawValue = name }

  /// The evidence does not tell; the finding names the test that would.
  public static let undetermined = Cause("undetermined")
  /// Steps are larger than the curvature of the loss allows.
  public static let learningRateTooHigh = Cause("learning_rate_too_high")
  /// Steps are too small to get anywhere.
  public static let learningRateTooLow = Cause("learning_rate_too_low")
  /// Batches differ more from each other than a step gains.
  public static let gradientNoise = Cause("gradient_noise")
  /// Weights are pulled towards zero by more than their gradients can hold.
  public static let weightDecay = Cause("weight_decay")
  /// What comes one after the other is alike, as examples that are sorted by their labels.
  public static let dataOrder = Cause("data_order")
  /// The schedule gave a rate that nobody can have wanted.
  public static let schedule = Cause("schedule")
  /// Numbers beyond the range of 16-bit floating point.
  public static let overflow = Cause("overflow")
  /// One batch is unlike the others.
  public static let dataOutlier = Cause("data_outlier")
  /// From some step on, data are unlike those before.
  public static let dataShift = Cause("data_shift")
  /// The model learns its training data by heart.
  public static let overfitting = Cause("overfitting")
  /// Evaluation runs the model otherwise than training does.
  public static let evaluationMismatch = Cause("evaluation_mismatch")
  /// A resumed run lacks a part of its state.
  public static let lostState = Cause("lost_state")
  /// Data that was seen comes again.
  public static let repeatedData = Cause("repeated_data")
  /// The weights do not move.
  public static let frozenWeights = Cause("frozen_weights")
  /// Nothing in the batches counts.
  public static let emptyBatches = Cause("empty_batches")
  /// The limit that gradients are clipped to is far below their norm.
  public static let clippingLimit = Cause("clipping_limit")
}

extension Cause {
  /// Shapes or types that do not fit.
  public static let wrongShape = Cause("wrong_shape")
  /// The plan of the run needs more memory than there is.
  public static let memoryPlan = Cause("memory_plan")
  /// Inputs or targets are NaN or infinite.
  public static let badInput = Cause("bad_input")
  /// Weights are NaN or infinite.
  public static let badWeights = Cause("bad_weights")
  /// An operation is asked for something outside of its domain.
  public static let operationDomain = Cause("operation_domain")
  /// Weights start too large, or too small.
  public static let initialization = Cause("initialization")
  /// Units start alike, and stay so.
  public static let symmetry = Cause("symmetry")
  /// Inputs are too large.
  public static let inputScale = Cause("input_scale")
  /// Inputs were not brought to a common scale.
  public static let notNormalized = Cause("not_normalized")
  /// Features of a table have units of very different sizes.
  public static let mixedUnits = Cause("mixed_units")
  /// Classes are counted from one.
  public static let shiftedLabels = Cause("shifted_labels")
  /// Labels are no classes of the model.
  public static let labelsOutOfRange = Cause("labels_out_of_range")
  /// All labels are the same.
  public static let constantLabels = Cause("constant_labels")
  /// Nearly all labels are the same.
  public static let classImbalance = Cause("class_imbalance")
  /// The loss is a sum where a mean is meant, or divided twice.
  public static let lossReduction = Cause("loss_reduction")
  /// A softmax before a loss that has its own.
  public static let softmaxTwice = Cause("softmax_twice")
  /// A sigmoid before a loss that has its own.
  public static let sigmoidTwice = Cause("sigmoid_twice")
  /// Logits where logarithms of probabilities belong.
  public static let missingLogSoftmax = Cause("missing_log_softmax")
  /// Targets beyond what the output can reach.
  public static let targetRange = Cause("target_range")
  /// The way back to a parameter is cut.
  public static let detached = Cause("detached")
  /// A layer is not used.
  public static let unused = Cause("unused")
  /// A weight that starts at zero stops gradients at the first step.
  public static let zeroStart = Cause("zero_start")
  /// Nothing gets through the network.
  public static let deadNetwork = Cause("dead_network")
  /// Nothing holds the scores of a softmax, which sees their differences only.
  public static let unheldLogits = Cause("unheld_logits")
  /// Rows of an embedding get gradients that what lies behind does not.
  public static let embeddingGradients = Cause("embedding_gradients")
  /// The optimizer's mean of squares forgets more slowly than gradients change.
  public static let slowSecondMoment = Cause("slow_second_moment")
  /// The optimizer leaves a parameter alone.
  public static let optimizer = Cause("optimizer")
  /// Numbers of 16 bits round what is added to them away.
  public static let rounding = Cause("rounding")
  /// An operation runs over the examples of a batch.
  public static let wrongAxis = Cause("wrong_axis")
  /// Batch normalization sees the batch in training, and averages in evaluation.
  public static let batchStatistics = Cause("batch_statistics")
  /// Something holds the graph of steps that are over.
  public static let keptGraph = Cause("kept_graph")
  /// Something holds ever more tensors.
  public static let keptTensors = Cause("kept_tensors")
  /// Labels that are not those of their inputs.
  public static let wrongLabels = Cause("wrong_labels")
  /// Batches are made more slowly than steps are taken.
  public static let slowData = Cause("slow_data")
  /// Held-out examples are in the training data.
  public static let dataLeak = Cause("data_leak")
}

extension Cause: CustomStringConvertible {
  /// The name in words.
  public var description: String { rawValue.inWords }
}
