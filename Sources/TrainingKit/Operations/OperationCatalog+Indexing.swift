extension OperationCatalog {
  private static let table = SampleInput.real([4, 3])

  static let indexing: [OperationSample] = [
    OperationSample("gather", [table, .index([2, 3], below: 4)]) { $0[0].gather($0[1], axis: 0) },
    OperationSample("gather", "last axis", [table, .index([4, 2], below: 3)]) {
      $0[0].gather($0[1], axis: -1)
    },
    OperationSample("scatterAdd", [table, .index([2, 3], below: 4), .real([2, 3])]) {
      $0[0].scatterAdd(axis: 0, index: $0[1], source: $0[2])
    },
    OperationSample("taking", [table, .index([5], below: 4)]) { $0[0].taking($0[1]) },
    OperationSample("taking", "inner axis", [table, .index([2, 2], below: 3)]) {
      $0[0].taking($0[1], axis: 1)
    },
    OperationSample("embedding", [table, .index([2, 3], below: 4)]) { $0[0].embedding($0[1]) },
    OperationSample("oneHot", [.index([2, 3], below: 4)], isDifferentiable: false) {
      $0[0].oneHot(classes: 4)
    },
    OperationSample("argsort", [table], isDifferentiable: false) { $0[0].argsort(axis: 0) },
    OperationSample("sorted", [table]) { $0[0].sorted().values },
    OperationSample("sorted", "descending", [table]) {
      $0[0].sorted(axis: 0, descending: true).values
    },
    OperationSample("topK", [table]) { $0[0].topK(2).values },
    OperationSample("topK", "smallest", [table]) { $0[0].topK(2, axis: 0, largest: false).values },
  ]

  static let indexingMistakes: [OperationMistake] = [
    OperationMistake("gather", "place outside", .index) {
      Tensor.zeros(2, 3).gather(Tensor([[3]]), axis: 1)
    },
    OperationMistake("gather", "index longer", .shape) {
      Tensor.zeros(2, 3).gather(.integers(3, 1), axis: 1)
    },
    OperationMistake("gather", "real index", .dtype) {
      Tensor.zeros(2, 3).gather(.zeros(2, 1), axis: 1)
    },
    OperationMistake("gather", "no such axis", .axis) {
      Tensor.zeros(2, 3).gather(.integers(2, 3), axis: 2)
    },
    OperationMistake("scatterAdd", "place outside", .index) {
      Tensor.zeros(2).scatterAdd(axis: 0, index: Tensor([2]), source: .zeros(1))
    },
    OperationMistake("gather", "taking from outside", .index) {
      Tensor.zeros(2).taking(Tensor([-1]))
    },
    OperationMistake("taking", "no such axis", .axis) {
      Tensor.zeros(2).taking(.integers(1), axis: 1)
    },
    OperationMistake("embedding", "no table", .shape) { Tensor.zeros(2).embedding(.integers(1)) },
    OperationMistake("gather", "embedding from outside", .index) {
      Tensor.zeros(2, 3).embedding(Tensor([2]))
    },
    OperationMistake("oneHot", "class outside", .index) { Tensor([3]).oneHot(classes: 3) },
    OperationMistake("argsort", "no such axis", .axis) { Tensor.zeros(2).argsort(axis: 1) },
    OperationMistake("argsort", "sorted along no axis", .axis) {
      Tensor.zeros(2).sorted(axis: 1).values
    },
    OperationMistake("topK", "more than there are", .argument) { Tensor.zeros(2).topK(3).values },
    OperationMistake("topK", "no such axis", .axis) { Tensor.zeros(2).topK(1, axis: 1).values },
  ]
}
