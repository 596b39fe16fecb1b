extension OperationCatalog {
  static let convolution: [OperationSample] = sliding + painting + windows

  private static let image = SampleInput.real([2, 4, 5, 4])

  private static let sliding: [OperationSample] = [
    OperationSample("conv1d", [.real([2, 3, 5]), .real([2, 3, 3]), .real([2])]) {
      $0[0].conv1d($0[1], bias: $0[2], stride: 2, padding: 1)
    },
    OperationSample("conv1d", "same padding", [.real([2, 2, 5]), .real([2, 1, 2])]) {
      $0[0].conv1d($0[1], padding: .same, dilation: 3, groups: 2)
    },
    OperationSample("conv2d", [image, .real([3, 4, 3, 2]), .real([3])]) {
      $0[0].conv2d($0[1], bias: $0[2])
    },
    OperationSample("conv2d", "stride and padding", [image, .real([3, 4, 3, 2])]) {
      $0[0].conv2d($0[1], stride: [2, 1], padding: [1, 2])
    },
    OperationSample("conv2d", "dilation and groups", [image, .real([4, 2, 2, 2])]) {
      $0[0].conv2d($0[1], padding: 1, dilation: 2, groups: 2)
    },
    OperationSample("conv2d", "one channel a group", [image, .real([8, 1, 2, 3])]) {
      $0[0].conv2d($0[1], padding: .same, groups: 4)
    },
    OperationSample("conv2d", "one pixel", [image, .real([3, 4, 1, 1]), .real([3])]) {
      $0[0].conv2d($0[1], bias: $0[2])
    },
    OperationSample("conv2d", "large image", [.real([1, 1, 9, 9]), .real([2, 1, 2, 2])]) {
      $0[0].conv2d($0[1])
    },
  ]

  private static let painting: [OperationSample] = [
    OperationSample("convTranspose1d", [.real([2, 3, 4]), .real([3, 2, 3]), .real([2])]) {
      $0[0].convTranspose1d($0[1], bias: $0[2], stride: 2, padding: 1, outputPadding: 1)
    },
    OperationSample("convTranspose2d", [.real([2, 3, 3, 2]), .real([3, 2, 2, 3]), .real([2])]) {
      $0[0].convTranspose2d($0[1], bias: $0[2])
    },
    OperationSample(
      "convTranspose2d", "stride and padding", [.real([2, 4, 3, 2]), .real([4, 1, 3, 2])]
    ) {
      $0[0].convTranspose2d(
        $0[1], stride: [2, 3], padding: [1, 0], outputPadding: [1, 2], dilation: [1, 2], groups: 2)
    },
  ]

  private static let windows: [OperationSample] = {
    func axis(_ extent: Int, _ kernel: Int, _ stride: Int, _ positions: Int) -> WindowAxis {
      WindowAxis(
        extent: extent, kernel: kernel, stride: stride, dilation: 1, before: 1,
        positions: positions)
    }
    let window = Window(rows: axis(4, 3, 2, 2), columns: axis(5, 2, 1, 6))
    return [
      OperationSample("unfolded", [.real([2, 2, 4, 5])]) { $0[0].unfolded(window, padding: 0.5) },
      OperationSample("folded", [.real([2, 2, 3, 2, 2, 6])]) { $0[0].folded(window) },
    ]
  }()

  static let convolutionMistakes: [OperationMistake] = [
    OperationMistake("conv1d", "channels differ", .shape) {
      Tensor.zeros(1, 2, 5).conv1d(.zeros(3, 3, 2))
    },
    OperationMistake("conv1d", "stride 0", .argument) {
      Tensor.zeros(1, 2, 5).conv1d(.zeros(3, 2, 2), stride: 0)
    },
    OperationMistake("conv2d", "no batch", .shape) {
      Tensor.zeros(2, 5, 5).conv2d(.zeros(3, 2, 2, 2))
    },
    OperationMistake("conv2d", "channels differ", .shape) {
      Tensor.zeros(1, 2, 5, 5).conv2d(.zeros(3, 3, 2, 2))
    },
    OperationMistake("conv2d", "outputs not in equal groups", .shape) {
      Tensor.zeros(1, 2, 5, 5).conv2d(.zeros(3, 1, 2, 2), groups: 2)
    },
    OperationMistake("conv2d", "no groups", .argument) {
      Tensor.zeros(1, 2, 5, 5).conv2d(.zeros(3, 2, 2, 2), groups: 0)
    },
    OperationMistake("conv2d", "bias of other length", .shape) {
      Tensor.zeros(1, 2, 5, 5).conv2d(.zeros(3, 2, 2, 2), bias: .zeros(2))
    },
    OperationMistake("conv2d", "kernel above the image", .shape) {
      Tensor.zeros(1, 2, 2, 5).conv2d(.zeros(3, 2, 2, 2), dilation: [2, 1])
    },
    OperationMistake("conv2d", "negative padding", .argument) {
      Tensor.zeros(1, 2, 5, 5).conv2d(.zeros(3, 2, 2, 2), padding: -1)
    },
    OperationMistake("conv2d", "dilation 0", .argument) {
      Tensor.zeros(1, 2, 5, 5).conv2d(.zeros(3, 2, 2, 2), dilation: 0)
    },
    OperationMistake("conv2d", "same padding with a stride", .argument) {
      Tensor.zeros(1, 2, 5, 5).conv2d(.zeros(3, 2, 2, 2), stride: 2, padding: .same)
    },
    OperationMistake("conv2d", "a weight of another dtype", .dtype) {
      Tensor.zeros(1, 2, 5, 5).conv2d(Tensor.zeros(3, 2, 2, 2).cast(to: .float64))
    },
    OperationMistake("convTranspose2d", "a weight of another dtype", .dtype) {
      Tensor.zeros(1, 2, 5, 5).convTranspose2d(Tensor.zeros(2, 3, 2, 2).cast(to: .float64))
    },
    OperationMistake("conv2d", "integers", .dtype) {
      Tensor.integers(1, 2, 5, 5).conv2d(.integers(3, 2, 2, 2))
    },
    OperationMistake("convTranspose1d", "channels differ", .shape) {
      Tensor.zeros(1, 2, 5).convTranspose1d(.zeros(3, 2, 2))
    },
    OperationMistake("convTranspose2d", "channels not in equal groups", .shape) {
      Tensor.zeros(1, 3, 5, 5).convTranspose2d(.zeros(3, 1, 2, 2), groups: 2)
    },
    OperationMistake("convTranspose2d", "outputPadding above the stride", .argument) {
      Tensor.zeros(1, 2, 5, 5).convTranspose2d(.zeros(2, 1, 2, 2), stride: 2, outputPadding: 2)
    },
    OperationMistake("convTranspose2d", "nothing left", .shape) {
      Tensor.zeros(1, 2, 1, 1).convTranspose2d(.zeros(2, 1, 2, 2), padding: 1)
    },
    OperationMistake("convTranspose2d", "integers", .dtype) {
      Tensor.integers(1, 2, 5, 5).convTranspose2d(.integers(2, 1, 2, 2))
    },
  ]
}
