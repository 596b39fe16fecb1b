/// What a step can report as a number. The raw values are the names of columns and keys in files.
public enum Quantity: String, Sendable, CaseIterable, CodingKey {
  /// The loss of the step's batch.
  case loss
  /// The global norm of the gradients before clipping.
  case gradientNorm = "gradient_norm"
  /// The learning rate of the update.
  case learningRate = "learning_rate"
  /// What the loss was multiplied by before the backward pass.
  case lossScale = "loss_scale"
  /// What clipping multiplied the gradients by; 1 when it left them alone.
  case clipFactor = "clip_factor"
  /// The loss over training data, from a periodic evaluation.
  case trainLoss = "train_loss"
  /// The loss over held-out data, from a periodic evaluation.
  case validationLoss = "validation_loss"
  /// How long the step took, in seconds.
  case seconds
  /// How long the step was waited for since the one before it, in seconds.
  case waitSeconds = "wait_seconds"

  /// Whether it tells nothing of how training goes.
  var isTime: Bool { self == .seconds || self == .waitSeconds }
}
