extension OperationCatalog {
  private static let signal = [SampleInput.real([2, 3, 7])]
  private static let image = [SampleInput.real([2, 2, 6, 5])]

  static let pooling: [OperationSample] = [
    OperationSample("maxPool1d", signal) { $0[0].maxPool1d(kernel: 2) },
    OperationSample("maxPool1d", "padding", signal) {
      $0[0].maxPool1d(kernel: 3, stride: 2, padding: 1, dilation: 2, ceilMode: true)
    },
    OperationSample("maxPool2d", image) { $0[0].maxPool2d(kernel: 2) },
    OperationSample("maxPool2d", "padding", image) {
      $0[0].maxPool2d(kernel: [3, 2], stride: [2, 1], padding: 1)
    },
    OperationSample("maxPool2d", "last windows stand out", image) {
      $0[0].maxPool2d(kernel: 2, stride: 3, dilation: [1, 2], ceilMode: true)
    },
    OperationSample("avgPool1d", signal) { $0[0].avgPool1d(kernel: 3, stride: 2) },
    OperationSample("avgPool2d", image) { $0[0].avgPool2d(kernel: 2) },
    OperationSample("avgPool2d", "padding", image) {
      $0[0].avgPool2d(kernel: 3, stride: 2, padding: 1, ceilMode: true)
    },
    OperationSample("avgPool2d", "padding does not count", image) {
      $0[0].avgPool2d(kernel: [3, 2], stride: 2, padding: 1, countIncludesPadding: false)
    },
    OperationSample("avgPool2d", "divisor", image) { $0[0].avgPool2d(kernel: 2, divisor: 3) },
    OperationSample("adaptiveAvgPool1d", signal) { $0[0].adaptiveAvgPool1d(3) },
    OperationSample("adaptiveAvgPool2d", "even", image) { $0[0].adaptiveAvgPool2d([3, 1]) },
    OperationSample("adaptiveAvgPool2d", "uneven", image) { $0[0].adaptiveAvgPool2d([4, 3]) },
    OperationSample("adaptiveAvgPool2d", "larger", image) { $0[0].adaptiveAvgPool2d([7, 8]) },
    OperationSample("adaptiveMaxPool1d", signal) { $0[0].adaptiveMaxPool1d(3) },
    OperationSample("adaptiveMaxPool2d", "even", image) { $0[0].adaptiveMaxPool2d([3, 5]) },
    OperationSample("adaptiveMaxPool2d", "uneven", image) { $0[0].adaptiveMaxPool2d([4, 3]) },
  ]

  static let poolingMistakes: [OperationMistake] = [
    OperationMistake("maxPool1d", "an image", .shape) {
      Tensor.zeros(1, 1, 4, 4).maxPool1d(kernel: 2)
    },
    OperationMistake("maxPool2d", "a signal", .shape) {
      Tensor.zeros(1, 1, 4).maxPool2d(kernel: 2)
    },
    OperationMistake("maxPool2d", "kernel 0", .argument) {
      Tensor.zeros(1, 1, 4, 4).maxPool2d(kernel: 0)
    },
    OperationMistake("maxPool2d", "padding above half the kernel", .argument) {
      Tensor.zeros(1, 1, 4, 4).maxPool2d(kernel: 3, padding: 2)
    },
    OperationMistake("maxPool2d", "kernel above the image", .shape) {
      Tensor.zeros(1, 1, 4, 4).maxPool2d(kernel: 5)
    },
    OperationMistake("maxPool2d", "integers", .dtype) {
      Tensor.integers(1, 1, 4, 4).maxPool2d(kernel: 2)
    },
    OperationMistake("avgPool1d", "stride 0", .argument) {
      Tensor.zeros(1, 1, 4).avgPool1d(kernel: 2, stride: 0)
    },
    OperationMistake("avgPool2d", "divisor 0", .argument) {
      Tensor.zeros(1, 1, 4, 4).avgPool2d(kernel: 2, divisor: 0)
    },
    OperationMistake("avgPool2d", "integers", .dtype) {
      Tensor.integers(1, 1, 4, 4).avgPool2d(kernel: 2)
    },
    OperationMistake("adaptiveAvgPool1d", "size 0", .argument) {
      Tensor.zeros(1, 1, 4).adaptiveAvgPool1d(0)
    },
    OperationMistake("adaptiveAvgPool2d", "a signal", .shape) {
      Tensor.zeros(1, 1, 4).adaptiveAvgPool2d(2)
    },
    OperationMistake("adaptiveMaxPool1d", "integers", .dtype) {
      Tensor.integers(1, 1, 4).adaptiveMaxPool1d(2)
    },
    OperationMistake("adaptiveMaxPool2d", "an empty image", .shape) {
      Tensor.zeros(1, 1, 0, 4).adaptiveMaxPool2d(2)
    },
  ]
}
