extension OperationCatalog {
  private static let cube = [SampleInput.real([3, 2, 4])]

  static let arrangement: [OperationSample] = views + parts + joints

  private static let views: [OperationSample] = [
    OperationSample("reshaped", cube) { $0[0].reshaped([4, -1]) },
    OperationSample("reshaped", "of a transpose", cube) {
      $0[0].transposed(0, 2).reshaped([8, 3])
    },
    OperationSample("flattened", "all", cube) { $0[0].flattened() },
    OperationSample("flattened", "some", cube) { $0[0].flattened(from: 1) },
    OperationSample("permuted", cube) { $0[0].permuted(2, 0, 1) },
    OperationSample("transposed", cube) { $0[0].transposed() },
    OperationSample("broadcast", [.real([3, 1])]) { $0[0].broadcast(to: [2, 3, 4]) },
    OperationSample("squeezed", [.real([3, 1, 4, 1])]) { $0[0].squeezed() },
    OperationSample("squeezed", "axis", [.real([3, 1, 4])]) { $0[0].squeezed(axis: 1) },
    OperationSample("expandedDimensions", cube) { $0[0].expandedDimensions(axis: -2) },
    OperationSample("contiguous", cube) { $0[0].transposed().contiguous() },
  ]

  private static let parts: [OperationSample] = [
    OperationSample("subscript", "place", cube) { $0[0][1] },
    OperationSample("subscript", "ranges", cube) { $0[0][1..<3, -1, 1...] },
    OperationSample("subscript", "steps", cube) {
      $0[0][TensorIndexPosition.ellipsis, TensorIndexPosition.from(0, by: 2)]
    },
    OperationSample("flipped", cube) { $0[0].flipped(axes: [0, 2]) },
    OperationSample("padded", cube) { $0[0].padded([(1, 0), (0, 2), (1, 1)], value: 0.5) },
    OperationSample("split", "count", cube) { $0[0].split(into: 2, axis: 2)[1] },
    OperationSample("split", "size", cube) { $0[0].split(size: 2, axis: 0)[1] },
    OperationSample("split", "sizes", cube) { $0[0].split(sizes: [1, 3], axis: 2)[1] },
  ]

  private static let joints: [OperationSample] = [
    OperationSample("concatenate", [.real([3, 2]), .real([3, 1])]) {
      concatenate([$0[0], $0[1], $0[0]], axis: 1)
    },
    OperationSample("unstacked", [.real([2, 5])]) {
      let parts = $0[0].unstacked(axis: 1)
      return parts[0] * parts[3] + parts[4].square()
    },
    OperationSample("stack", [.real([3, 2]), .real([3, 2])]) { stack([$0[0], $0[1]], axis: -1) },
    OperationSample("repeated", cube) { $0[0].repeated(2, 1, 3) },
  ]

  static let arrangementMistakes: [OperationMistake] = [
    OperationMistake("reshaped", "other count", .shape) { Tensor.zeros(2, 3).reshaped([4, 2]) },
    OperationMistake("flattened", "no such axis", .axis) { Tensor.zeros(2, 3).flattened(from: 2) },
    OperationMistake("permuted", "axis twice", .argument) { Tensor.zeros(2, 3).permuted(0, 0) },
    OperationMistake("transposed", "no such axis", .axis) { Tensor.zeros(2).transposed() },
    OperationMistake("broadcast", "smaller shape", .shape) {
      Tensor.zeros(2, 3).broadcast(to: [3])
    },
    OperationMistake("squeezed", "no such axis", .axis) { Tensor.zeros(1).squeezed(axis: 1) },
    OperationMistake("expandedDimensions", "no such axis", .axis) {
      Tensor.zeros(2).expandedDimensions(axis: 3)
    },
    OperationMistake("subscript", "no such place", .index) { Tensor.zeros(2)[2] },
    OperationMistake("subscript", "more indices than axes", .argument) { Tensor.zeros(2)[0, 0] },
    OperationMistake("flipped", "no such axis", .axis) { Tensor.zeros(2).flipped(axes: [1]) },
    OperationMistake("padded", "widths missing", .argument) { Tensor.zeros(2, 2).padded([(1, 1)]) },
    OperationMistake("split", "not in equal parts", .argument) {
      Tensor.zeros(3).split(into: 2)[0]
    },
    OperationMistake("split", "sizes that do not add up", .argument) {
      Tensor.zeros(3).split(sizes: [1, 1])[0]
    },
    OperationMistake("split", "size 0", .argument) { Tensor.zeros(3).split(size: 0)[0] },
    OperationMistake("concatenate", "nothing", .argument) { concatenate([]) },
    OperationMistake("concatenate", "other axes differ", .shape) {
      concatenate([.zeros(2, 3), .zeros(3, 2)])
    },
    OperationMistake("concatenate", "no such axis", .axis) { concatenate([.zeros(2)], axis: 1) },
    OperationMistake("unstacked", "no such axis", .axis) { Tensor.zeros(2).unstacked(axis: 1)[0] },
    OperationMistake("stack", "shapes differ", .shape) { stack([.zeros(2), .zeros(3)]) },
    OperationMistake("repeated", "numbers missing", .argument) { Tensor.zeros(2, 2).repeated(2) },
  ]
}
