internal import TrainingDiagnostics
internal import TrainingKit

/// A job that can be run as it should be, and with a mistake in it.
struct DemoScene {
  let title: String
  /// What is wrong with the sick run, in words.
  let mistake: String
  let steps: Int
  let data: DemoData
  let batchSize: Int
  /// The run, with the mistake or without.
  let run: (_ isSick: Bool) -> TrainingRun<Network>
  /// What becomes of a batch by the mistake.
  var spoiled: (_ step: Int, _ batch: Batch) -> Batch = { $1 }

  static func loss(_ model: Network, _ batch: Batch) -> Tensor {
    crossEntropy(Network.logits(model, batch.x), batch.y.flattened())
  }

  /// The batches of the steps, epoch after epoch.
  func batches(isSick: Bool, seed: UInt64) -> [Batch] {
    let loader = DataLoader(data.training, batchSize: batchSize, shuffle: true, seed: seed)
    var batches: [Batch] = []
    while batches.count < steps { batches += loader.prefix(steps - batches.count) }
    return isSick ? batches.enumerated().map { spoiled($0, $1) } : batches
  }
}

/// What the runs of a demonstration are trained on.
struct DemoData {
  let training, heldOut: any Dataset
}

extension DemoData {
  /// Handwritten digits as rows of 64 numbers from 0 to 1, and which digits they are.
  static func digits(_ samples: Samples) -> DemoData {
    func flat(_ dataset: any Dataset) -> TensorDataset {
      let all = dataset.batch(at: Array(0..<dataset.count))
      return TensorDataset(inputs: all.x.reshaped([-1, 64]), labels: all.y)
    }
    return DemoData(training: flat(samples.training), heldOut: flat(samples.heldOut))
  }

  /// The same digits as lines of 63 levels of grey, and the level that follows each.
  static func pixels(_ samples: Samples) -> DemoData {
    func tokens(_ dataset: any Dataset) -> TensorDataset {
      let all = dataset.batch(at: Array(0..<dataset.count))
      let levels = (all.x.reshaped([-1, 64]) * 16).cast(to: .int64)
      return TensorDataset(inputs: levels[.all, 0..<63], labels: levels[.all, 1..<64])
    }
    return DemoData(training: tokens(samples.training), heldOut: tokens(samples.heldOut))
  }
}
