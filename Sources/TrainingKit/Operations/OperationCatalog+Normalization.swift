extension OperationCatalog {
  private static let image = SampleInput.real([2, 4, 3])
  private static let perChannel = [SampleInput.real([4], 0.5...2), SampleInput.real([4])]

  static let normalization: [OperationSample] = layers + channels

  private static let layers: [OperationSample] = [
    OperationSample("layerNorm", [.real([2, 3, 4])]) { $0[0].layerNorm([4]) },
    OperationSample("layerNorm", "two axes", [.real([2, 3, 4]), .real([3, 4]), .real([3, 4])]) {
      $0[0].layerNorm([3, 4], weight: $0[1], bias: $0[2], epsilon: 0.1)
    },
    OperationSample("rmsNorm", [.real([2, 3, 4])]) { $0[0].rmsNorm([4]) },
    OperationSample("rmsNorm", "weight", [.real([2, 3, 4]), .real([4])]) {
      $0[0].rmsNorm([4], weight: $0[1], epsilon: 0.1)
    },
  ]

  private static let channels: [OperationSample] = [
    OperationSample("batchNorm", "training", [image]) { $0[0].batchNorm().output },
    OperationSample(
      "batchNorm", "training, planes", [.real([2, 2, 4, 5]), .real([2], 0.5...2), .real([2])]
    ) { $0[0].batchNorm(weight: $0[1], bias: $0[2]).output },
    OperationSample("batchNorm", "training, planes of odd size", [.real([2, 2, 17])]) {
      $0[0].batchNorm().output
    },
    OperationSample("batchNorm", "training, scaled", [image] + perChannel) {
      $0[0].batchNorm(weight: $0[1], bias: $0[2], epsilon: 0.1).output
    },
    OperationSample("batchNorm", "mean", [image], isDifferentiable: false) {
      $0[0].batchNorm().mean
    },
    OperationSample("batchNorm", "variance", [image], isDifferentiable: false) {
      $0[0].batchNorm().variance
    },
    OperationSample(
      "batchNorm", "evaluation", [image, .real([4]), .real([4], 0.5...2)] + perChannel
    ) { $0[0].batchNorm(mean: $0[1], variance: $0[2], weight: $0[3], bias: $0[4]) },
    OperationSample(
      "batchNorm", "evaluation, plain", [image, .real([4]), .real([4], 0.5...2)]
    ) { $0[0].batchNorm(mean: $0[1], variance: $0[2]) },
    OperationSample("groupNorm", [image] + perChannel) {
      $0[0].groupNorm(groups: 2, weight: $0[1], bias: $0[2])
    },
    OperationSample("groupNorm", "one group", [image]) { $0[0].groupNorm(groups: 1) },
    OperationSample("instanceNorm", [image]) { $0[0].instanceNorm() },
    OperationSample("instanceNorm", "scaled", [.real([2, 4, 2, 3])] + perChannel) {
      $0[0].instanceNorm(weight: $0[1], bias: $0[2])
    },
  ]

  static let normalizationMistakes: [OperationMistake] = [
    OperationMistake("layerNorm", "other last axis", .shape) { Tensor.zeros(2, 3).layerNorm([2]) },
    OperationMistake("layerNorm", "no axes", .shape) { Tensor.zeros(2, 3).layerNorm([]) },
    OperationMistake("layerNorm", "weight of other shape", .shape) {
      Tensor.zeros(2, 3).layerNorm([3], weight: .zeros(2))
    },
    OperationMistake("layerNorm", "integers", .dtype) { Tensor.integers(2, 3).layerNorm([3]) },
    OperationMistake("rmsNorm", "other last axis", .shape) { Tensor.zeros(2, 3).rmsNorm([2]) },
    OperationMistake("rmsNorm", "integers", .dtype) { Tensor.integers(2, 3).rmsNorm([3]) },
    OperationMistake("batchNorm", "one value a channel", .shape) {
      Tensor.zeros(1, 3).batchNorm().output
    },
    OperationMistake("batchNorm", "no channels", .shape) { Tensor.zeros(3).batchNorm().output },
    OperationMistake("batchNorm", "mean of other length", .shape) {
      Tensor.zeros(2, 3).batchNorm(mean: .zeros(2), variance: .zeros(3))
    },
    OperationMistake("batchNorm", "integers", .dtype) { Tensor.integers(2, 3).batchNorm().output },
    OperationMistake("groupNorm", "channels not in equal groups", .shape) {
      Tensor.zeros(2, 3, 4).groupNorm(groups: 2)
    },
    OperationMistake("groupNorm", "no groups", .argument) {
      Tensor.zeros(2, 3, 4).groupNorm(groups: 0)
    },
    OperationMistake("instanceNorm", "no channels", .shape) { Tensor.zeros(3).instanceNorm() },
    OperationMistake("instanceNorm", "weight of other length", .shape) {
      Tensor.zeros(2, 3, 4).instanceNorm(weight: .zeros(2))
    },
  ]
}
