/// What was seen inside a model at one step, which costs more than a number and is looked at now and then.
public struct StepDetails: Sendable, Hashable, Codable {
  /// The trainable parameters, in the order of the model.
  public var parameters: [ParameterDetails]
  /// What layers put out, in the order in which they were done.
  public var activations: [ActivationDetails]
  /// The root of the mean square of what went into the model; nil where that is no floating point.
  public var inputRMS: Double?
  /// The scores that went into the last cross entropy or log softmax; nil where there was none.
  public var logits: LogitDetails?
  /// The memory after the step.
  public var memory: MemoryDetails?
  /// The losses of the batch's examples in evaluation before the step, in the order of the batch; nil where nobody
  /// asked, and of more than ``RunRecord/examplesPerStep``.
  public var exampleLosses: [Double]?
  /// The loss of the batch in evaluation before the step, NaN included; nil of a model without buffers, which knows no
  /// running statistics that evaluation could go by.
  public var evaluationLoss: Double?

  /// Creates details of what is known.
  public init(
    parameters: [ParameterDetails] = [], activations: [ActivationDetails] = [],
    inputRMS: Double? = nil, logits: LogitDetails? = nil, memory: MemoryDetails? = nil,
    exampleLosses: [Double]? = nil, evaluationLoss: Double? = nil
  ) {
    (self.parameters, self.activations, self.inputRMS) = (parameters, activations, inputRMS)
    (self.logits, self.memory, self.exampleLosses) = (logits, memory, exampleLosses)
    self.evaluationLoss = evaluationLoss
  }
}

/// The scores of a classifier at one step, by the logarithms of the denominators that a softmax divides them by.
///
/// Equal scores of 0 have the logarithm of the number of classes. The same number more in all scores of a row is as
/// much more here, and changes nothing else.
public struct LogitDetails: Sendable, Hashable, Codable {
  /// How many classes there are.
  public var classes: Int
  /// The mean over the rows; nil where one is not finite.
  public var meanLogNormalizer: Double?
  /// The largest magnitude of those that are finite.
  public var largestLogNormalizer: Double

  /// Creates the details of scores.
  public init(classes: Int, meanLogNormalizer: Double?, largestLogNormalizer: Double) {
    (self.classes, self.meanLogNormalizer) = (classes, meanLogNormalizer)
    self.largestLogNormalizer = largestLogNormalizer
  }
}

/// The memory of a device after a step.
///
/// - Units: bytes.
public struct MemoryDetails: Sendable, Hashable, Codable {
  /// What is in use.
  public var live: Int
  /// The most that was ever in use at once.
  public var peak: Int
  /// What is in use, by the names of owners.
  public var byOwner: [String: Int]

  /// Creates the details of a memory.
  public init(live: Int, peak: Int, byOwner: [String: Int] = [:]) {
    (self.live, self.peak, self.byOwner) = (live, peak, byOwner)
  }
}

/// A parameter at one step: its gradient before clipping, its weights, and how far they were moved.
public struct ParameterDetails: Sendable, Hashable, Codable {
  /// The path of the parameter.
  public var path: String
  /// How many elements it has.
  public var count: Int
  /// How many axes it has; biases and the factors of norms have one.
  public var rank: Int
  /// The root of the mean square of the gradient; nil where there is none, or it is not finite.
  public var gradientRMS: Double?
  /// The largest magnitude in the gradient.
  public var gradientLargest: Double?
  /// The share of the gradient's elements that are exactly 0; nil where the loss does not depend on the parameter.
  public var gradientZeroShare: Double?
  /// How many of the gradient's elements are NaN or infinite.
  public var gradientNonFiniteCount: Int
  /// The root of the mean square of the weights before the update; nil where it is not finite.
  public var weightRMS: Double?
  /// The largest magnitude of the weights before the update.
  public var weightLargest: Double
  /// The root of the mean square of the update; nil where the step was skipped, or it is not finite.
  public var updateRMS: Double?
  /// The share of the weights that did not move by a bit.
  public var unmovedShare: Double?
  /// What the model does with it, where that was seen.
  public var role: ParameterRole?
  /// What the optimizer keeps of it after the step, by name, such as `secondMoment`; nil before the first update.
  public var moments: [String: MomentDetails]?
  /// How large the gradient was beside the root of the mean of squares that the update was divided by, which is about 1
  /// while gradients are as they were: √(mean of g² / v). Nil where the step was skipped, or the optimizer keeps no
  /// such mean in full precision.
  public var secondMomentLag: Double?

  /// How far the weights were moved, as a share of what they are; nil where they are all zero.
  public var updateRatio: Double? {
    guard let updateRMS, let weightRMS, weightRMS > 0 else { return nil }
    return updateRMS / weightRMS
  }

  /// Creates the details of a parameter.
  public init(
    path: String, count: Int, rank: Int, gradientRMS: Double? = nil,
    gradientLargest: Double? = nil, gradientZeroShare: Double? = nil,
    gradientNonFiniteCount: Int = 0, weightRMS: Double?, weightLargest: Double,
    updateRMS: Double? = nil, unmovedShare: Double? = nil, role: ParameterRole? = nil,
    moments: [String: MomentDetails]? = nil, secondMomentLag: Double? = nil
  ) {
    (self.path, self.count, self.rank) = (path, count, rank)
    (self.gradientRMS, self.gradientLargest) = (gradientRMS, gradientLargest)
    (self.gradientZeroShare, self.weightRMS) = (gradientZeroShare, weightRMS)
    (self.weightLargest, self.updateRMS) = (weightLargest, updateRMS)
    (self.gradientNonFiniteCount, self.unmovedShare) = (gradientNonFiniteCount, unmovedShare)
    (self.role, self.moments, self.secondMomentLag) = (role, moments, secondMomentLag)
  }
}

/// What a model does with a parameter.
public enum ParameterRole: String, Sendable, Hashable, Codable {
  /// Its rows are looked up, so that those of what is not in a batch have no gradient.
  case embedding
}

/// A tensor that an optimizer keeps of a parameter.
public struct MomentDetails: Sendable, Hashable, Codable {
  /// The root of the mean square; nil where an element is not finite.
  public var rms: Double?
  /// The largest finite magnitude.
  public var largest: Double

  /// Creates the details of a moment.
  public init(rms: Double?, largest: Double) { (self.rms, self.largest) = (rms, largest) }
}

/// What a module or an activation function put out at one step.
public struct ActivationDetails: Sendable, Hashable, Codable {
  /// The path of the module, or of the innermost one that the operation ran in.
  public var path: String
  /// The operation, such as `relu`; nil for the output of the module.
  public var operation: String?
  /// The root of the mean square; nil where a value is not finite.
  public var rms: Double?
  /// The largest finite magnitude.
  public var largest: Double
  /// How many values are NaN or infinite.
  public var nonFiniteCount: Int
  /// The share of values that are exactly 0.
  public var zeroShare: Double
  /// Of a rectifier's units, the share that were 0 for the whole batch; nil of other operations, and of few examples.
  public var deadShare: Double?
  /// Of tanh and sigmoid, the share of values within 1 % of an end of their range.
  public var saturatedShare: Double?
  /// Of attention, the largest product of a query and a key that it may see, scaled, in the first example of the batch.
  public var largestScore: Double?
  /// Of attention, the mean entropy of its weights in the first example, as a share of what it is where all keys that
  /// are seen count alike: 1 there, 0 where one key takes all. Nil where no query sees two keys.
  public var attentionEntropy: Double?

  /// Creates the details of an output.
  public init(
    path: String, operation: String? = nil, rms: Double?, largest: Double, nonFiniteCount: Int = 0,
    zeroShare: Double = 0, deadShare: Double? = nil, saturatedShare: Double? = nil,
    largestScore: Double? = nil, attentionEntropy: Double? = nil
  ) {
    (self.path, self.operation) = (path, operation)
    (self.rms, self.largest, self.nonFiniteCount) = (rms, largest, nonFiniteCount)
    (self.zeroShare, self.deadShare) = (zeroShare, deadShare)
    (self.saturatedShare, self.largestScore) = (saturatedShare, largestScore)
    self.attentionEntropy = attentionEntropy
  }
}
