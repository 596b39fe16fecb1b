/// The gradient of a batch that is too large for memory, from those of its parts.
///
///     var accumulator = GradientAccumulator()
///     for part in batch.split(size: 16) {
///       let (loss, gradients) = model.valueAndGradients { crossEntropy($0(part.x), part.y) }
///       accumulator.add(gradients, ofMean: loss.item(), count: Double(part.count))
///     }
///     if let (loss, gradients) = accumulator.mean {
///       optimizer.update(model, with: gradients, learningRate: 1e-3)
///     }
///
/// Counts are those of what losses are sums or means of: examples, or tokens that are not ignored. The mean is then
/// that of the whole batch however it was split, which the mean of the parts' means is not.
///
/// - Numerics: sums are float32, or float64 for gradients in float64, however gradients are stored: a sum of bfloat16
///   would stop growing. The gradients of a single part stay as they are stored.
public struct GradientAccumulator: Sendable {
  /// In units of `unit`, so that the gradients of the first part need no multiplication.
  private var sum: Gradients?
  private var unit = 1.0

  /// The sum of losses so far.
  public private(set) var lossSum = 0.0
  /// How much they are the sum of.
  public private(set) var count = 0.0
  /// How many parts were added.
  public private(set) var parts = 0
  /// How many of the parts had a count of 0. They add nothing, not even a NaN that is the mean of nothing.
  public private(set) var emptyParts = 0

  /// Creates an accumulator of nothing.
  public init() {}

  /// Adds the gradients of a sum of losses.
  ///
  /// - Errors: traps when the count is negative or not finite; nothing is added then.
  public mutating func add(_ gradients: Gradients, ofSum loss: Double, count: Double) {
    add(gradients, loss: loss, factor: 1, count: count)
  }

  /// Adds the gradients of a mean of losses.
  ///
  /// - Errors: traps when the count is negative or not finite; nothing is added then.
  public mutating func add(_ gradients: Gradients, ofMean loss: Double, count: Double) {
    add(gradients, loss: loss * count, factor: count, count: count)
  }

  /// The mean loss and its gradients; nil when nothing was counted.
  public var mean: (loss: Double, gradients: Gradients)? {
    guard let sum, count > 0 else { return nil }
    return (lossSum / count, sum.scaled(by: unit / count))
  }

  private mutating func add(
    _ gradients: Gradients, loss: Double, factor: Double, count: Double
  ) {
    let isCount = NumberRange.nonNegative.check(count, "a count", of: "GradientAccumulator")
    guard isCount else { return }
    parts += 1
    guard count > 0 else {
      emptyParts += 1
      return
    }
    if sum == nil { unit = factor }
    let detached = gradients.detached()
    if var total = sum.take()?.widened() {
      total.add(detached.widened() * (factor / unit))
      sum = total
    } else {
      sum = detached
    }
    lossSum += loss
    self.count += count
  }
}
