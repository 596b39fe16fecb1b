internal import CTrainingDigits
internal import TrainingKit

/// What there is to learn: inputs and labels, held-out fifth apart.
struct Samples {
  let name: String
  let training, heldOut: any Dataset
  /// The shape of one input.
  let inputShape: Shape
  let classes: Int
  /// The bytes that labels stand for, when the job is text.
  let vocabulary: [UInt8]?

  var isImages: Bool { inputShape.rank == 3 }

  var usualModel: TrainSettings.ModelName {
    vocabulary != nil ? .gpt : isImages ? .cnn : .mlp
  }
}

extension Samples {
  init(_ settings: TrainSettings) throws(UsageError) {
    for path in settings.source.paths { try File.checkEnds(path) }
    do {
      switch settings.source {
      case .digits: try self.init(digits: "handwritten digits")
      case .csv(let path):
        try self.init(csv: CSVTable(path: path), name: path)
      case .idx(let images, let labels):
        try self.init(idx: .idx(images: images, labels: labels), name: images)
      case .text(let path):
        try self.init(text: TextDataset(path: path, context: settings.context), name: path)
      }
    } catch {
      throw UsageError("\(error)", ExitStatus(error))
    }
  }

  private init(digits name: String) throws {
    let bytes = UnsafeBufferPointer(
      start: training_digits_csv(), count: training_digits_csv_size())
    let table = try CSVTable(Array(bytes), name: name)
    let images = table.features.reshaped([-1, 1, 8, 8]) / 16
    self.init(name, TensorDataset(inputs: images, labels: table.labels), classes: 10)
  }

  /// Columns are brought to mean 0 and variance 1 by the statistics of the training rows.
  private init(csv table: CSVTable, name: String) throws {
    try Samples.checkSize(table.dataset.count, name)
    let seen = table.dataset.subset(Samples.rows(table.dataset.count).training)
    let inputs = Standardization(of: seen.all.x)(table.features)
    let classes = max(table.labelNames.count, Int(table.labels.max().item()) + 1)
    self.init(name, TensorDataset(inputs: inputs, labels: table.labels), classes: classes)
  }

  private init(idx bytes: TensorDataset, name: String) throws {
    try Samples.checkSize(bytes.count, name)
    let classes = Int(bytes.labels.max().item()) + 1
    let images = bytes.transformed { batch, _ in batch.x = batch.x.cast(to: .float32) / 255 }
    self.init(name, images, classes: classes)
  }

  private init(text: TextDataset, name: String) throws {
    let context = text.context
    guard text.count >= 5 else {
      throw UsageError(
        "\(name): expected at least \(5 * context + 1) bytes for a context of \(context), "
          + "got \(text.byteCount)", .data)
    }
    self.init(name, text, classes: text.vocabulary.count, vocabulary: text.vocabulary)
  }

  private init(
    _ name: String, _ all: some Dataset, classes: Int, vocabulary: [UInt8]? = nil
  ) {
    let rows = Samples.rows(all.count)
    (self.name, self.classes, self.vocabulary) = (name, classes, vocabulary)
    (training, heldOut) = (all.subset(rows.training), all.subset(rows.heldOut))
    inputShape = Shape(all.batch(at: []).x.shape.dropFirst())
  }

  private static func rows(_ count: Int) -> (training: [Int], heldOut: [Int]) {
    ((0..<count).filter { $0 % 5 != 4 }, (0..<count).filter { $0 % 5 == 4 })
  }

  private static func checkSize(_ count: Int, _ name: String) throws {
    guard count >= 5 else {
      throw UsageError(
        "\(name): expected at least 5 rows, one of them to hold out, got \(count)", .data)
    }
  }
}
