internal import TrainingKit

/// The optimizers by the names that the command knows them by.
enum OptimizerChoice: String, CaseIterable {
  case sgd, adam, adamw, amsgrad, nadam, radam, adamax, rmsprop, adagrad, adadelta, adafactor, lion
  case lamb, muon, stableadamw

  /// Whether weight decay acts on the weights themselves.
  var isDecoupled: Bool {
    switch self {
    case .adamw, .lion, .lamb, .muon, .stableadamw: true
    default: false
    }
  }

  /// The learning rate where it is not the network's for Adam.
  func learningRate(_ adam: Double) -> Double {
    switch self {
    case .sgd: 0.05
    case .adadelta: 1
    case .adagrad, .adafactor, .muon: 2 * adam
    case .lion: adam / 5
    default: adam
    }
  }

  /// The optimizer, which keeps its state in a dtype.
  func optimizer(
    weightDecay: Double, momentum: Double, state: TrainSettings.StateName
  ) -> any Optimizer {
    func halved(_ optimizer: some Optimizer) -> any Optimizer {
      optimizer.keepingState(in: .bfloat16(seed: 0))
    }
    let optimizer = optimizer(weightDecay: weightDecay, momentum: momentum)
    return state == .bfloat16 ? halved(optimizer) : optimizer
  }

  private func optimizer(weightDecay: Double, momentum: Double) -> any Optimizer {
    switch self {
    case .sgd: SGD(momentum: momentum, weightDecay: weightDecay)
    case .adam: Adam(weightDecay: weightDecay)
    case .adamw: AdamW(weightDecay: weightDecay)
    case .amsgrad: Adam(weightDecay: weightDecay, amsgrad: true)
    case .nadam: NAdam(weightDecay: weightDecay)
    case .radam: RAdam(weightDecay: weightDecay)
    case .adamax: Adamax(weightDecay: weightDecay)
    case .rmsprop: RMSprop(momentum: momentum, weightDecay: weightDecay)
    case .adagrad: Adagrad(weightDecay: weightDecay)
    case .adadelta: Adadelta(weightDecay: weightDecay)
    case .adafactor: Adafactor(weightDecay: weightDecay)
    case .lion: Lion(weightDecay: weightDecay)
    case .lamb: LAMB(weightDecay: weightDecay)
    case .muon: Muon(weightDecay: weightDecay)
    case .stableadamw: StableAdamW(weightDecay: weightDecay)
    }
  }
}
