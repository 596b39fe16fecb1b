internal import CTrainingDigits
internal import TrainingKit

/// What there is to learn: inputs and labels, held-out fifth apart.
struct Samples {
  let name: String
  let training, heldOut: TensorDataset
  /// The shape of one input.
  let inputShape: Shape
  let classes: Int
  /// The bytes that labels stand for, when the job is text.
  var vocabulary: [UInt8]?

  var isImages: Bool { inputShape.rank == 3 }

  var usualModel: TrainSettings.ModelName {
    vocabulary != nil ? .gpt : isImages ? .cnn : .mlp
  }
}

extension Samples {
  init(_ settings: TrainSettings) throws(UsageError) {
    switch settings.source {
    case .digits: try self.init(digits: ())
    case .csv(let path): try self.init(csv: CSV(File.read(path), name: path), name: path)
    case .idx(let images, let labels): try self.init(images: images, labels: labels)
    case .text(let path):
      try self.init(text: File.read(path), context: settings.context, name: path)
    }
  }

  private init(digits: Void) throws(UsageError) {
    let bytes = UnsafeBufferPointer(
      start: training_digits_csv(), count: training_digits_csv_size())
    let csv = try CSV(Array(bytes), name: "digits")
    let images = Tensor(csv.features, shape: [csv.labels.count, 1, 8, 8]) / 16
    self.init("handwritten digits", images, csv.labels, classes: 10)
  }

  /// Columns are brought to mean 0 and variance 1 by the statistics of the training rows.
  private init(csv: CSV, name: String) throws(UsageError) {
    try Samples.checkSize(csv.labels.count, name)
    let table = Tensor(csv.features, shape: [csv.labels.count, csv.columns - 1])
    let rows = Samples.rows(csv.labels.count)
    let seen = table.taking(Tensor(rows.training))
    let deviation = seen.standardDeviation(axes: [0], correction: 0)
    let scale = which(deviation .> 0, deviation, Tensor.ones(deviation.shape))
    let classes = (csv.labels.max() ?? 0) + 1
    self.init(name, (table - seen.mean(axis: 0)) / scale, csv.labels, classes: classes)
  }

  private init(images: String, labels: String) throws(UsageError) {
    let pixels = try IDX(File.read(images), rank: 3, name: images)
    let classes = try IDX(File.read(labels), rank: 1, name: labels)
    let (count, height, width) = (pixels.extents[0], pixels.extents[1], pixels.extents[2])
    guard classes.extents[0] == count else {
      throw UsageError("\(labels): expected \(count) labels, got \(classes.extents[0])")
    }
    try Samples.checkSize(count, images)
    let bytes = Tensor(Array(pixels.elements), shape: [count, 1, height, width])
    let values = classes.elements.map(Int.init)
    self.init(images, bytes.cast(to: .float32) / 255, values, classes: (values.max() ?? 0) + 1)
  }

  /// Windows of the text, one context apart; the label of each byte is the next one.
  private init(text: [UInt8], context: Int, name: String) throws(UsageError) {
    let vocabulary = Set(text).sorted()
    let codes = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
    let windows = (text.count - 1) / context
    guard windows >= 5 else {
      throw UsageError(
        "\(name): expected at least \(5 * context + 1) bytes for a context of \(context), got \(text.count)"
      )
    }
    let tokens = Tensor(text.map { codes[$0]! })
    let inputs = tokens[0..<(windows * context)].reshaped([windows, context] as Shape)
    let labels = tokens[1..<(windows * context + 1)].reshaped([windows, context] as Shape)
    self.init(name, inputs, labels, classes: vocabulary.count, vocabulary: vocabulary)
  }

  private init(_ name: String, _ inputs: Tensor, _ labels: [Int], classes: Int) {
    self.init(name, inputs, Tensor(labels), classes: classes, vocabulary: nil)
  }

  private init(
    _ name: String, _ inputs: Tensor, _ labels: Tensor, classes: Int, vocabulary: [UInt8]?
  ) {
    let all = TensorDataset(inputs: inputs, labels: labels)
    let rows = Samples.rows(inputs.shape[0])
    self.name = name
    self.classes = classes
    self.vocabulary = vocabulary
    training = all.subset(rows.training)
    heldOut = all.subset(rows.heldOut)
    inputShape = Shape(inputs.shape.dropFirst())
  }

  private static func rows(_ count: Int) -> (training: [Int], heldOut: [Int]) {
    ((0..<count).filter { $0 % 5 != 4 }, (0..<count).filter { $0 % 5 == 4 })
  }

  private static func checkSize(_ count: Int, _ name: String) throws(UsageError) {
    guard count >= 5 else {
      throw UsageError("\(name): expected at least 5 rows, one of them to hold out, got \(count)")
    }
  }
}
