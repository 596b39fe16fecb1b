extension OperationCatalog {
  static let product: [OperationSample] = [
    OperationSample("matmul", "matrices", [.real([3, 4]), .real([4, 2])]) { $0[0].matmul($0[1]) },
    OperationSample("matmul", "vectors", [.real([4]), .real([4])]) { $0[0].matmul($0[1]) },
    OperationSample("matmul", "vector on the left", [.real([4]), .real([4, 2])]) {
      $0[0].matmul($0[1])
    },
    OperationSample("matmul", "vector on the right", [.real([2, 3, 4]), .real([4])]) {
      $0[0].matmul($0[1])
    },
    OperationSample("matmul", "batch", [.real([2, 3, 4]), .real([2, 4, 2])]) {
      $0[0].matmul($0[1])
    },
    OperationSample("matmul", "broadcast batch", [.real([2, 1, 3, 2]), .real([3, 2, 2])]) {
      $0[0].matmul($0[1])
    },
    OperationSample("matmul", "transposes", [.real([4, 3]), .real([2, 4])]) {
      $0[0].transposed().matmul($0[1].transposed())
    },
  ]

  static let productMistakes: [OperationMistake] = [
    OperationMistake("matmul", "inner extents differ", .shape) {
      Tensor.zeros(1, 2).matmul(.zeros(3, 1))
    },
    OperationMistake("matmul", "batches differ", .shape) {
      Tensor.zeros(2, 1, 2).matmul(.zeros(3, 2, 1))
    },
    OperationMistake("matmul", "two dtypes", .dtype) {
      Tensor.zeros(2, 2).matmul(.zeros([2, 2], dtype: .float64))
    },
    OperationMistake("matmul", "single value", .shape) { Tensor.zeros([]).matmul(.zeros(2)) },
  ]

  static let attention: [OperationSample] = {
    let heads: [SampleInput] = [.real([2, 3, 4]), .real([2, 5, 4]), .real([2, 5, 2])]
    let name = "scaledDotProductAttention"
    return [
      OperationSample(name, heads) {
        scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2])
      },
      OperationSample(name, "causal", heads) {
        scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], isCausal: true)
      },
      OperationSample(name, "mask", heads + [.mask([3, 5])]) {
        scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], mask: $0[3])
      },
      OperationSample(name, "added mask", heads + [.real([2, 1, 5])]) {
        scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], mask: $0[3], scale: 0.7)
      },
      OperationSample(name, "blind target", heads) {
        let mask = Tensor.range(0, 3).reshaped([3, 1]) .> 0
        return scaledDotProductAttention(
          query: $0[0], key: $0[1], value: $0[2], mask: mask, isCausal: true)
      },
      OperationSample("rotaryEmbedding", [.real([2, 3, 4])]) {
        $0[0].rotaryEmbedding(base: 10, start: 1)
      },
    ]
  }()

  static let attentionMistakes: [OperationMistake] = [
    OperationMistake("scaledDotProductAttention", "features differ", .shape) {
      scaledDotProductAttention(query: .zeros(2, 3), key: .zeros(2, 4), value: .zeros(2, 3))
    },
    OperationMistake("scaledDotProductAttention", "sources differ", .shape) {
      scaledDotProductAttention(query: .zeros(2, 3), key: .zeros(4, 3), value: .zeros(5, 3))
    },
    OperationMistake("scaledDotProductAttention", "heads differ", .shape) {
      scaledDotProductAttention(query: .zeros(2, 2, 3), key: .zeros(3, 2, 3), value: .zeros(2, 3))
    },
    OperationMistake("scaledDotProductAttention", "mask of other extents", .shape) {
      scaledDotProductAttention(
        query: .zeros(2, 3), key: .zeros(4, 3), value: .zeros(4, 3), mask: .zeros(4, 2))
    },
    OperationMistake("scaledDotProductAttention", "mask of integers", .dtype) {
      scaledDotProductAttention(
        query: .zeros(2, 3), key: .zeros(4, 3), value: .zeros(4, 3), mask: .integers(2, 4))
    },
    OperationMistake("scaledDotProductAttention", "integers", .dtype) {
      scaledDotProductAttention(
        query: .integers(2, 3), key: .integers(4, 3), value: .integers(4, 3))
    },
    OperationMistake("rotaryEmbedding", "odd features", .shape) {
      Tensor.zeros(2, 3).rotaryEmbedding()
    },
    OperationMistake("rotaryEmbedding", "base of 0", .argument) {
      Tensor.zeros(2, 4).rotaryEmbedding(base: 0)
    },
  ]
}
