internal import CTrainingKernels

extension OperationCatalog {
  /// The names of the rows of the unary table.
  package static let unaryRows: [String] =
    (0..<tk_unary_count.rawValue).map { Unary(tk_unary(rawValue: $0)).name }

  /// The names of the rows of the binary table.
  package static let binaryRows: [String] =
    (0..<tk_binary_count.rawValue).map { Binary(tk_binary(rawValue: $0)).name }

  /// Every row of the unary table on its interval. One half and one and a half are good parameters
  /// for all rows.
  static let unary: [OperationSample] = (0..<tk_unary_count.rawValue).map { index in
    let row = tk_unary(rawValue: index)
    let description = tk_unary_describe(row)
    let operation = Unary(row, 0.5, 1.5)
    return OperationSample(
      operation.name, [.real([4, 5], description.lower...description.upper)]
    ) { operation($0[0]) }
  }

  /// Every row of the binary table on its interval, with equal shapes and with shapes that
  /// broadcast.
  static let binary: [OperationSample] = (0..<tk_binary_count.rawValue).flatMap { index in
    let row = tk_binary(rawValue: index)
    let description = tk_binary_describe(row)
    let interval = description.lower...description.upper
    let shapes: [(label: String, Shape, Shape)] = [
      ("plain", [3, 4], [3, 4]), ("broadcast", [3, 1], [2, 1, 4]), ("single", [2, 3], []),
    ]
    return shapes.map { label, left, right in
      OperationSample(
        Binary(row).name, label, [.real(left, interval), .real(right, interval)],
        isDifferentiable: !description.comparison
      ) { Binary(row)($0[0], $0[1]) }
    }
  }

  /// Pointwise functions that are made of rows.
  static let selection: [OperationSample] = [
    OperationSample("which", [.mask([3, 4]), .real([3, 4]), .real([3, 4])]) {
      which($0[0], $0[1], $0[2])
    },
    OperationSample("which", "broadcast", [.mask([3, 1]), .real([4]), .real([])]) {
      which($0[0], $0[1], $0[2])
    },
    OperationSample("prelu", "one weight", [.real([3, 4]), .real([1])]) { $0[0].prelu($0[1]) },
    OperationSample("prelu", "one a channel", [.real([2, 3, 4]), .real([3])]) {
      $0[0].prelu($0[1])
    },
    OperationSample("scalar operators", [.real([3, 4], 0.5...2)]) { inputs in
      let x = inputs[0]
      return (2 * x + 1) / (3 - x / 5) - 1 / x
    },
    OperationSample("mapped", "where safe", [.real([3, 4])]) { inputs in
      inputs[0].mapped(where: inputs[0] .> 0.1) { $0.log() }
    },
    OperationSample("glu", [.real([3, 4])]) { $0[0].glu() },
    OperationSample("glu", "swiGLU, other axis", [.real([4, 3])]) { $0[0].glu(.swiGLU, axis: 0) },
    OperationSample("glu", "geGLU", [.real([2, 6])]) { $0[0].glu(.geGLU) },
    OperationSample("glu", "reGLU", [.real([2, 6])]) { $0[0].glu(.reGLU) },
    OperationSample("softmin", [.real([3, 4])]) { $0[0].softmin(axis: 0) },
    OperationSample("cosineSimilarity", [.real([3, 4]), .real([3, 4])]) {
      $0[0].cosineSimilarity($0[1])
    },
    OperationSample("cosineSimilarity", "broadcast", [.real([2, 3]), .real([3])]) {
      $0[0].cosineSimilarity($0[1], axis: -1, epsilon: 0.1)
    },
    OperationSample("cast", [.real([3, 4])]) { $0[0].cast(to: .float64) },
    OperationSample("cast", "to integers", [.real([3, 4])], isDifferentiable: false) {
      $0[0].cast(to: .int64)
    },
  ]

  static let pointwiseMistakes: [OperationMistake] = [
    OperationMistake("add", "shapes that do not broadcast", .shape) { .zeros(2, 3) + .zeros(4) },
    OperationMistake("which", "shapes that do not broadcast", .shape) {
      which(.zeros(2), .zeros(3), .zeros(1))
    },
    OperationMistake("glu", "odd extent", .shape) { Tensor.zeros(2, 3).glu() },
    OperationMistake("glu", "axis", .axis) { Tensor.zeros(2, 4).glu(axis: 2) },
    OperationMistake("glu", "integers", .dtype) { Tensor.integers(2, 4).glu() },
    OperationMistake("cosineSimilarity", "shapes that do not broadcast", .shape) {
      Tensor.zeros(2, 3).cosineSimilarity(.zeros(2))
    },
    OperationMistake("cosineSimilarity", "axis", .axis) {
      Tensor.zeros(3).cosineSimilarity(.zeros(3))
    },
    OperationMistake("cosineSimilarity", "integers", .dtype) {
      Tensor.integers(2, 3).cosineSimilarity(.zeros(2, 3))
    },
    OperationMistake("exp", "third derivative", .notDifferentiable) {
      let x = Tensor.ones([1]).tracked()
      let slope = x.exp().sum().gradient(for: x, isRecorded: true)
      let bend = slope.sum().gradient(for: x, isRecorded: true)
      return bend.sum().gradient(for: x)
    },
    OperationMistake("tracked", "integers", .dtype) { .integers(2).tracked() },
  ]
}
