/// The squares of the differences.
///
///     let loss = meanSquaredError(model(x), y)
///
/// - Shape: predictions and targets of one shape → a single value, or that shape without reduction.
/// - Errors: traps when the shapes differ, even if they broadcast.
public func meanSquaredError<Result>(
  _ predictions: Tensor, _ targets: Tensor, reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(predictions, targets) { (predictions, targets) throws(TensorError) in
    try distance("meanSquaredError", predictions, targets) { $0.square() }
  }
}

/// The magnitudes of the differences: the mean absolute error.
///
/// - Shape: predictions and targets of one shape → a single value, or that shape without reduction.
/// - Gradient: 0 where prediction and target are equal.
/// - Errors: traps when the shapes differ, even if they broadcast.
public func l1Loss<Result>(
  _ predictions: Tensor, _ targets: Tensor, reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(predictions, targets) { (predictions, targets) throws(TensorError) in
    try distance("l1Loss", predictions, targets) { $0.abs() }
  }
}

/// Half the squares of differences up to `delta`, and straight lines of slope `delta` beyond:
/// outliers pull no harder than that.
///
/// - Shape: predictions and targets of one shape → a single value, or that shape without reduction.
/// - Errors: traps when the shapes differ, even if they broadcast, or `delta` is not above 0.
/// - Source: Huber 1964.
public func huberLoss<Result>(
  _ predictions: Tensor, _ targets: Tensor, delta: Double = 1, reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(predictions, targets) { (predictions, targets) throws(TensorError) in
    guard delta > 0 else {
      throw .argument("huberLoss", expected: "a delta above 0", got: delta)
    }
    return try distance("huberLoss", predictions, targets) { $0.huber(delta) }
  }
}

/// The Huber loss divided by its threshold `beta`: straight lines of slope 1 beyond. The L1 loss
/// when `beta` is 0.
///
/// - Shape: predictions and targets of one shape → a single value, or that shape without reduction.
/// - Errors: traps when the shapes differ, even if they broadcast, or `beta` is below 0.
/// - Source: Girshick 2015, arXiv:1504.08083, eq. 3.
public func smoothL1Loss<Result>(
  _ predictions: Tensor, _ targets: Tensor, beta: Double = 1, reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(predictions, targets) { (predictions, targets) throws(TensorError) in
    guard beta >= 0 else {
      throw .argument("smoothL1Loss", expected: "a beta of 0 or more", got: beta)
    }
    return try distance("smoothL1Loss", predictions, targets) {
      beta == 0 ? $0.abs() : $0.huber(beta) / beta
    }
  }
}

private func distance(
  _ operation: String, _ predictions: Tensor, _ targets: Tensor,
  _ measure: (_ difference: Tensor) -> Tensor
) throws(TensorError) -> ElementLosses {
  try expectTargets(targets, like: predictions, operation)
  return ElementLosses(measure(predictions - targets))
}

extension Tensor {
  /// Half the square of the part up to `delta`, and the rest at slope `delta`: a choice between the
  /// two formulas would give NaN gradients for infinite differences.
  fileprivate func huber(_ delta: Double) -> Tensor {
    let fixed = detached()
    let near = which(fixed.abs() .> delta, fixed.clamped(min: -delta, max: delta), self)
    return near.square() * 0.5 + (self - near).abs() * delta
  }
}
