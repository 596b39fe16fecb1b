internal import CTrainingKernels

extension OperationCatalog {
  /// The names of the rows of the reduction table, argmax and argmin among them.
  package static let reductionRows: [String] =
    (0..<tk_reduction_count.rawValue).map {
      String(cString: tk_reduction_name(tk_reduction(rawValue: $0)))
    }

  private static let cube = [SampleInput.real([3, 2, 4])]

  static let reduction: [OperationSample] = folds + places + statistics + scans

  private static let folds: [OperationSample] = [
    OperationSample("sum", "all", cube) { $0[0].sum() },
    OperationSample("sum", "axes", cube) { $0[0].sum(axes: [0, -1]) },
    OperationSample("sum", "kept axis", cube) { $0[0].sum(axis: 1, keepDims: true) },
    OperationSample("product", "all", [.real([2, 3], 0.5...2)]) { $0[0].product() },
    OperationSample("product", "axis", cube) { $0[0].product(axis: 0) },
    OperationSample("maximum", "all", cube) { $0[0].max() },
    OperationSample("maximum", "axes", cube) { $0[0].max(axes: [0, 2], keepDims: true) },
    OperationSample("minimum", "axis", cube) { $0[0].min(axis: 1) },
    OperationSample("minimum", "all", cube) { $0[0].min() },
    OperationSample("any", cube, isDifferentiable: false) { ($0[0] .> 1).any(axes: [0]) },
    OperationSample("all", cube, isDifferentiable: false) { ($0[0] .> -1).all(axes: [0, 1]) },
  ]

  private static let places: [OperationSample] = [
    OperationSample("argmax", "all", cube, isDifferentiable: false) { $0[0].argmax() },
    OperationSample("argmax", "axis", cube, isDifferentiable: false) { $0[0].argmax(axis: 1) },
    OperationSample("argmin", "axis", cube, isDifferentiable: false) {
      $0[0].argmin(axis: -1, keepDims: true)
    },
  ]

  private static let statistics: [OperationSample] = [
    OperationSample("mean", "all", cube) { $0[0].mean() },
    OperationSample("mean", "axis", cube) { $0[0].mean(axis: 1, keepDims: true) },
    OperationSample("variance", "axes", cube) { $0[0].variance(axes: [0, 2]) },
    OperationSample("variance", "biased", cube) { $0[0].variance(correction: 0) },
    OperationSample("standardDeviation", cube) { $0[0].standardDeviation(axes: [2]) },
    OperationSample("logSumExp", cube) { $0[0].logSumExp(axes: [-1]) },
    OperationSample("logSumExp", "kept axes", cube) {
      $0[0].logSumExp(axes: [0, 1], keepDims: true)
    },
    OperationSample("norm", "2", cube) { $0[0].norm(axes: [2]) },
    OperationSample("norm", "1", cube) { $0[0].norm(1, axes: [0]) },
    OperationSample("norm", "3", cube) { $0[0].norm(3) },
    OperationSample("norm", "infinity", cube) { $0[0].norm(.infinity, axes: [1]) },
    OperationSample("norm", "0", cube) { $0[0].norm(0, axes: [1]) },
  ]

  private static let scans: [OperationSample] = [
    OperationSample("cumulativeSum", "last axis", cube) { $0[0].cumulativeSum(axis: -1) },
    OperationSample("cumulativeSum", "first axis", cube) { $0[0].cumulativeSum(axis: 0) },
    OperationSample("softmax", "last axis", cube) { $0[0].softmax() },
    OperationSample("softmax", "first axis", cube) { $0[0].softmax(axis: 0) },
    OperationSample("logSoftmax", "last axis", cube) { $0[0].logSoftmax() },
    OperationSample("logSoftmax", "middle axis", cube) { $0[0].logSoftmax(axis: 1) },
  ]

  static let reductionMistakes: [OperationMistake] = [
    OperationMistake("sum", "no such axis", .axis) { Tensor.zeros(2, 3).sum(axis: 2) },
    OperationMistake("maximum", "nothing to reduce", .shape) { Tensor.zeros(0).max() },
    OperationMistake("mean", "no such axis", .axis) { Tensor.zeros(2, 3).mean(axis: -3) },
    OperationMistake("variance", "no such axis", .axis) { Tensor.zeros(2).variance(axes: [1]) },
    OperationMistake("logSumExp", "no such axis", .axis) { Tensor.zeros(2).logSumExp(axes: [1]) },
    OperationMistake("cumulativeSum", "no such axis", .axis) {
      Tensor.zeros(2, 3).cumulativeSum(axis: 2)
    },
    OperationMistake("softmax", "no such axis", .axis) { Tensor.zeros(2, 3).softmax(axis: 2) },
    OperationMistake("softmax", "integers", .dtype) { Tensor.integers(2, 3).softmax() },
    OperationMistake("logSoftmax", "integers", .dtype) { Tensor.integers(2, 3).logSoftmax() },
  ]
}
