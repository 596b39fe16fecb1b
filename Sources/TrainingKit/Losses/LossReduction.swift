/// What becomes of the losses of the elements: one tensor, or a sum with the count behind it.
///
///     let loss = crossEntropy(logits, labels)                           // the mean
///     let part = crossEntropy(logits, labels, reduction: .counted)      // part.sum, part.count
public struct Reduction<Result>: Sendable {
  let reduce: @Sendable (ElementLosses) -> Result

  /// The reduced losses that `body` makes of inputs in the precision that an autocast gives losses, or something hollow
  /// after reporting its mistake.
  func applied<each Input: AutocastInput>(
    _ inputs: repeat each Input,
    body: (repeat each Input) throws(TensorError) -> ElementLosses
  ) -> Result {
    do throws(TensorError) {
      return try autocasting(.wide, repeat each inputs) {
        (inputs: repeat each Input) throws(TensorError) in
        reduce(try body(repeat each inputs))
      }
    } catch {
      Context.current.fail(error)
      return reduce(ElementLosses(Tensor.hollow(.scalar, .float32)))
    }
  }
}

extension Reduction where Result == Tensor {
  /// Nothing: one loss each.
  public static var none: Self { Self { $0.each.cast(to: $0.dtype) } }

  /// Their mean: 0, with zero gradients, over nothing, where PyTorch's is NaN.
  public static var mean: Self { Self { $0.mean.cast(to: $0.dtype) } }

  /// Their sum.
  public static var sum: Self { Self { $0.sum.cast(to: $0.dtype) } }

  /// Their sum divided by the extent of the first axis, 0 over nothing: the mean of what each of a
  /// batch adds up to.
  public static var batchMean: Self {
    Self { losses in
      let batch = losses.each.rank == 0 ? 1 : losses.each.shape[0]
      let total = LossSum(sum: losses.sum, count: Double(batch))
      return total.mean.cast(to: losses.dtype)
    }
  }
}

extension Reduction where Result == LossSum {
  /// Their sum, and the count that their mean divides it by.
  public static var counted: Self { Self(reduce: \.counted) }
}

/// The sum of losses, and the count that their mean divides it by: what parts of a batch add up to
/// exactly, however unequal they are, and where the mean of means would not.
///
///     let total = parts.map { crossEntropy(model($0.x), $0.y, reduction: .counted) }.reduce(.zero, +)
///     let loss = total.mean
///
/// A part in which nothing counts adds nothing. To train part by part, add up the gradients of the
/// sums and divide them by the sum of the counts; or give the counts as weights to a step of a run.
public struct LossSum: Sendable {
  /// The sum of the losses; float32 for halves.
  public let sum: Tensor
  /// The number of losses, or the sum of their weights.
  public let count: Double

  /// Creates a sum of losses.
  public init(sum: Tensor, count: Double) {
    self.sum = sum
    self.count = count
  }

  /// The sum of no losses.
  public static let zero = LossSum(sum: Tensor(0.0), count: 0)

  /// The mean loss: 0, with zero gradients, when nothing counts.
  public var mean: Tensor { count == 0 ? sum : sum / count }

  /// The sum of both, over the count of both.
  public static func + (a: LossSum, b: LossSum) -> LossSum {
    LossSum(sum: a.sum + b.sum, count: a.count + b.count)
  }
}

/// What a mean of losses divides by.
enum LossCount {
  case known(Double)
  /// One element of float64 on a device, which the program would have to wait for.
  case computed(Tensor)
}

/// Losses of elements before their reduction, in the dtype that they were computed in.
struct ElementLosses {
  let each: Tensor
  /// What their mean divides by.
  let count: LossCount
  /// The dtype of the result.
  let dtype: DType

  /// - Parameters:
  ///   - dtype: that of the predictions, where losses are computed in another.
  ///   - count: the number of elements unless given.
  init(_ each: Tensor, dtype: DType? = nil, count: LossCount? = nil) {
    self.each = each
    self.count = count ?? .known(Double(each.shape.count))
    self.dtype = dtype ?? each.dtype
  }

  /// The same losses in another shape.
  func reshaped(_ shape: Shape) -> ElementLosses {
    ElementLosses(each.reshaped(shape), dtype: dtype, count: count)
  }

  /// The same losses but for the last column, which does not count.
  var withoutLast: ElementLosses {
    ElementLosses(each[.all, ..<(-1)], dtype: dtype, count: count)
  }

  /// The sum, which float16 could not hold.
  var sum: Tensor { each.cast(to: each.dtype.statistics).sum() }

  /// The sum with the count.
  var counted: LossSum {
    switch count {
    case .known(let count): LossSum(sum: sum, count: count)
    case .computed(let count): LossSum(sum: sum, count: count.item())
    }
  }

  /// The mean: 0, with zero gradients, when nothing counts.
  var mean: Tensor {
    guard case .computed(let count) = count else { return counted.mean }
    let (sum, none) = (sum, count .== 0)
    return sum / which(none, Tensor(1.0, dtype: .float64), count).cast(to: sum.dtype)
  }
}
