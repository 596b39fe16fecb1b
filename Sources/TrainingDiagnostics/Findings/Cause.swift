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
  /// The schedule gave a rate that nobody can have wanted.
  public static let schedule = Cause("schedule")
  /// Numbers beyond the range of 16-bit floating point.
  public static let overflow = Cause("overflow")
  /// One batch is unlike the others.
  public static let dataOutlier = Cause("data_outlier")
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

extension Cause: CustomStringConvertible {
  /// The name in words.
  public var description: String { rawValue.inWords }
}
