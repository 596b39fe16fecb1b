internal import TrainingKit

/// The settings with defaults filled in for the data at hand.
struct Plan {
  let settings: TrainSettings
  let model: TrainSettings.ModelName
  let hidden, epochs, batchSize, stepsPerEpoch: Int
  private(set) var warmup: Int
  let learningRate, weightDecay: Double

  init(_ settings: TrainSettings, _ samples: Samples) {
    self.settings = settings
    model = settings.model ?? samples.usualModel
    let defaults = Defaults(model)
    hidden = settings.hidden ?? defaults.hidden
    epochs = settings.epochs ?? defaults.epochs
    batchSize = min(settings.batchSize ?? defaults.batchSize, samples.training.count)
    stepsPerEpoch = (samples.training.count + batchSize - 1) / batchSize
    warmup = settings.warmup ?? epochs * stepsPerEpoch / 20
    let choice = settings.optimizer
    learningRate = settings.learningRate ?? choice.learningRate(defaults.learningRate)
    weightDecay = settings.weightDecay ?? (choice.isDecoupled ? defaults.weightDecay : 1e-4)
  }

  /// What suits a network unless the user says otherwise. Those of the cnn and the mlp were chosen on a fifth of the
  /// digits' training rows, over seeds 10 to 14 and 10 to 17.
  private struct Defaults {
    let hidden, epochs, batchSize: Int
    let learningRate, weightDecay: Double

    init(_ model: TrainSettings.ModelName) {
      (hidden, epochs, batchSize, learningRate, weightDecay) =
        switch model {
        case .cnn: (128, 24, 16, 0.008, 0.02)
        case .mlp, .linear: (256, 40, 32, 0.03, 0.05)
        case .gpt: (128, 5, 32, 0.003, 0.3)
        }
    }
  }

  /// The run of a network, from its beginning.
  func run(_ network: Network) -> TrainingRun<Network> {
    TrainingRun(
      model: network,
      optimizer: settings.optimizer.optimizer(
        weightDecay: weightDecay, momentum: settings.momentum, state: settings.optimizerState),
      schedule: schedule, precision: Precision(settings.precision),
      clipping: settings.clip > 0 ? .globalNorm(settings.clip) : .none,
      smoothing: settings.smoothing.map { GradientSmoothing(decay: $0) },
      average: settings.average.map { .exponential(decay: $0, warmup: .ramp) })
  }

  var schedule: Schedule {
    settings.schedule.schedule(
      peak: learningRate, updates: epochs * stepsPerEpoch, warmup: warmup)
  }

  /// Takes over what a run has begun with and nobody has asked for now: a warm-up is a part of its length.
  mutating func goOn(from saved: Summary.Settings) {
    if settings.warmup == nil { warmup = saved.warmup }
  }

  func summary(_ samples: Samples) -> Summary.Settings {
    Summary.Settings(
      data: samples.name, model: model.rawValue, optimizer: settings.optimizer.rawValue,
      optimizerState: settings.optimizerState == .float32 ? nil : settings.optimizerState.rawValue,
      schedule: settings.schedule.rawValue, precision: settings.precision.rawValue,
      learningRate: learningRate, weightDecay: weightDecay, momentum: settings.momentum,
      clip: settings.clip, smooth: settings.smoothing, ema: settings.average, epochs: epochs,
      batchSize: batchSize, accumulate: settings.parts, hidden: hidden, layers: settings.layers,
      context: settings.context, warmup: warmup, threads: Threads.count, seed: settings.seed)
  }
}
