/// The numbers of one step, each of them optional: what is unknown costs evidence and nothing else.
///
///     StepRecord(step: 120, loss: 2.13, gradientNorm: 0.4)
///
/// A value that was measured and is not finite is kept as it is.
public struct StepRecord: Sendable, Hashable {
  /// The number of the step.
  public var step: Int
  /// The loss of the step's batch.
  public var loss: Double?
  /// The global norm of the gradients before clipping.
  public var gradientNorm: Double?
  /// The learning rate of the update.
  public var learningRate: Double?
  /// What the loss was multiplied by before the backward pass.
  public var lossScale: Double?
  /// What clipping multiplied the gradients by; 1 when it left them alone.
  public var clipFactor: Double?
  /// The loss over training data, from a periodic evaluation.
  public var trainLoss: Double?
  /// The loss over held-out data, from a periodic evaluation.
  public var validationLoss: Double?
  /// How long the step took.
  ///
  /// - Units: seconds.
  public var seconds: Double?
  /// How long the run stood still between the step before and this one, as it does while its batch is made.
  ///
  /// - Units: seconds.
  public var waitSeconds: Double?
  /// Why the weights were left alone; nil when they moved, or when nobody said.
  public var skip: Skip?
  /// Which batch it was taken on; nil where nobody knows it.
  public var batch: BatchIdentity?
  /// What was seen inside the model; nil at most steps.
  public var details: StepDetails? {
    get { if case .seen(let details) = interior { details } else { nil } }
    set { interior = newValue.map { .seen($0) } ?? .unseen }
  }
  /// Whether there are any, which takes no copy to tell.
  var isLookedInto: Bool { if case .seen = interior { true } else { false } }
  private var interior = Interior.unseen

  /// Details lie elsewhere, so that the many records without any are small to copy.
  private indirect enum Interior: Sendable, Hashable {
    case unseen
    case seen(StepDetails)
  }

  /// Why a step moved nothing.
  public enum Skip: String, Sendable, Hashable, Codable {
    /// Gradients overflowed under a loss scale, which is lower from then on.
    case overflow
    /// The loss or a gradient was not finite.
    case nonFinite = "non_finite"
    /// The loss depended on no trainable parameter.
    case noGradients = "no_gradients"
    /// Nothing in the batch counted.
    case emptyBatch = "empty_batch"
  }

  /// Creates a record of what is known.
  public init(
    step: Int, loss: Double? = nil, gradientNorm: Double? = nil, learningRate: Double? = nil,
    lossScale: Double? = nil, clipFactor: Double? = nil, trainLoss: Double? = nil,
    validationLoss: Double? = nil, seconds: Double? = nil, waitSeconds: Double? = nil,
    skip: Skip? = nil, batch: BatchIdentity? = nil, details: StepDetails? = nil
  ) {
    (self.step, self.loss, self.gradientNorm) = (step, loss, gradientNorm)
    (self.learningRate, self.lossScale) = (learningRate, lossScale)
    (self.clipFactor, self.skip) = (clipFactor, skip)
    (self.trainLoss, self.validationLoss, self.batch) = (trainLoss, validationLoss, batch)
    (self.seconds, self.waitSeconds) = (seconds, waitSeconds)
    self.details = details
  }

  /// A quantity by name.
  public subscript(quantity: Quantity) -> Double? {
    get { self[keyPath: StepRecord.path(of: quantity)] }
    set { self[keyPath: StepRecord.path(of: quantity)] = newValue }
  }

  private static func path(of quantity: Quantity) -> WritableKeyPath<StepRecord, Double?> {
    switch quantity {
    case .loss: \.loss
    case .gradientNorm: \.gradientNorm
    case .learningRate: \.learningRate
    case .lossScale: \.lossScale
    case .clipFactor: \.clipFactor
    case .trainLoss: \.trainLoss
    case .validationLoss: \.validationLoss
    case .seconds: \.seconds
    case .waitSeconds: \.waitSeconds
    }
  }

  /// Whether nothing is known but the number of the step, and how long it took.
  public var isEmpty: Bool {
    skip == nil && batch == nil && details == nil
      && Quantity.allCases.allSatisfy { $0.isTime || self[$0] == nil }
  }
}
