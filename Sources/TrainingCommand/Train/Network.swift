internal import TrainingKit

/// The network of the job, whichever it is.
final class Network: Module {
  let body: any Module<Tensor, Tensor>

  init(_ body: any Module<Tensor, Tensor>) { self.body = body }

  func forward(_ input: Tensor) -> Tensor { body(input) }
}

extension Network {
  convenience init(_ plan: Plan, _ samples: Samples) throws(UsageError) {
    let (name, hidden) = (plan.model, plan.hidden)
    switch name {
    case .gpt: try self.init(gpt: plan, samples)
    case .cnn: try self.init(cnn: hidden, samples)
    case .mlp:
      try Network.check(samples, isText: false, name)
      self.init(Network.perceptron(samples, hidden: hidden))
    case .linear:
      try Network.check(samples, isText: false, name)
      self.init(
        Sequential {
          Flatten(); Linear(samples.inputShape.count, samples.classes)
        })
    }
  }

  private static func check(
    _ samples: Samples, isText: Bool, _ name: TrainSettings.ModelName
  ) throws(UsageError) {
    guard (samples.vocabulary != nil) == isText else {
      let kind = isText ? "text" : "images or a table"
      throw UsageError("--model: expected \(kind) for \(name.rawValue), got \(samples.name)")
    }
  }

  private static func perceptron(_ samples: Samples, hidden: Int) -> Sequential {
    Sequential {
      Flatten()
      Linear(samples.inputShape.count, hidden)
      ReLU()
      Linear(hidden, samples.classes)
    }
  }

  private convenience init(cnn hidden: Int, _ samples: Samples) throws(UsageError) {
    guard samples.isImages, samples.inputShape[1] >= 4, samples.inputShape[2] >= 4 else {
      throw UsageError(
        "--model: expected images of at least 4 by 4 pixels for cnn, got \(samples.name)")
    }
    let (height, width) = (samples.inputShape[1] / 2, samples.inputShape[2] / 2)
    self.init(
      Sequential {
        Conv2d(samples.inputShape[0], 16, kernelSize: 3, padding: 1)
        ReLU()
        Conv2d(16, 32, kernelSize: 3, padding: 1)
        ReLU()
        MaxPool2d(2)
        Flatten()
        Dropout(0.25)
        Linear(32 * height * width, hidden)
        ReLU()
        Dropout(0.25)
        Linear(hidden, samples.classes)
      })
  }

  private convenience init(gpt plan: Plan, _ samples: Samples) throws(UsageError) {
    try Network.check(samples, isText: true, .gpt)
    let heads = 4
    guard plan.hidden % heads == 0 else {
      throw UsageError("--hidden: expected a multiple of \(heads), got \(plan.hidden)")
    }
    self.init(
      GPT(
        vocabulary: samples.classes, context: plan.settings.context, features: plan.hidden,
        heads: heads, layers: plan.settings.layers))
  }
}
