import TestSupport
import TrainingKit
import XCTest

/// A model of two parameters of any shapes.
final class Two: Module {
  let first: Parameter
  let second: Parameter

  init(_ first: Tensor, _ second: Tensor) {
    self.first = Parameter(first)
    self.second = Parameter(second)
  }

  func forward(_ x: Tensor) -> Tensor { x }

  func gradients(_ first: Tensor?, _ second: Tensor?) -> Gradients {
    let found = ["first": first, "second": second].compactMapValues { $0 }
    return Gradients(
      paths: ["first", "second"].filter { found[$0] != nil },
      missing: ["first", "second"].filter { found[$0] == nil }, tensors: found)
  }
}

/// Twenty steps of every optimizer beside PyTorch, and beside the papers of those that it lacks.
final class OptimizerParityTests: XCTestCase {
  /// The attributes of a case, or the given default.
  private struct Settings {
    let parity: ParityCase

    func number(_ name: String, _ standard: Double) -> Double {
      parity.attributes[name]?.number ?? standard
    }
    func flag(_ name: String, _ standard: Bool = false) -> Bool {
      parity.attributes[name]?.flag ?? standard
    }
    func decay(_ standard: Double) -> Double { number("weightDecay", standard) }
    var beta1: Double { number("beta1", 0.9) }
    var epsilon: Double { number("epsilon", 1e-8) }
    func beta2(_ standard: Double = 0.999) -> Double { number("beta2", standard) }
  }

  private func optimizer(_ settings: Settings) -> (any Optimizer)? {
    adams(settings) ?? gradientScalers(settings) ?? others(settings)
  }

  private func adams(_ s: Settings) -> (any Optimizer)? {
    let amsgrad = s.flag("amsgrad")
    return switch s.parity.name {
    case "Adam":
      grouped(
        Adam(
          beta1: s.beta1, beta2: s.beta2(), epsilon: s.epsilon, weightDecay: s.decay(0),
          amsgrad: amsgrad)
      ) { $0.weightDecay = 0 }
    case "AdamW":
      grouped(
        AdamW(
          beta1: s.beta1, beta2: s.beta2(), epsilon: s.epsilon, weightDecay: s.decay(0.01),
          amsgrad: amsgrad)
      ) { $0.weightDecay = 0 }
    case "NAdam":
      grouped(
        NAdam(
          beta1: s.beta1, beta2: s.beta2(), epsilon: s.epsilon, weightDecay: s.decay(0),
          decoupled: s.flag("decoupled"), momentumDecay: s.number("momentumDecay", 4e-3))
      ) { $0.weightDecay = 0 }
    case "RAdam":
      grouped(
        RAdam(
          beta1: s.beta1, beta2: s.beta2(), epsilon: s.epsilon, weightDecay: s.decay(0),
          decoupled: s.flag("decoupled"))
      ) { $0.weightDecay = 0 }
    case "Adamax":
      grouped(
        Adamax(beta1: s.beta1, beta2: s.beta2(), epsilon: s.epsilon, weightDecay: s.decay(0))
      ) { $0.weightDecay = 0 }
    default: nil
    }
  }

  private func gradientScalers(_ s: Settings) -> (any Optimizer)? {
    switch s.parity.name {
    case "SGD":
      grouped(
        SGD(
          momentum: s.number("momentum", 0), dampening: s.number("dampening", 0),
          weightDecay: s.decay(0), nesterov: s.flag("nesterov"))
      ) { $0.weightDecay = 0 }
    case "RMSprop":
      grouped(
        RMSprop(
          alpha: s.number("alpha", 0.99), epsilon: s.epsilon, momentum: s.number("momentum", 0),
          centered: s.flag("centered"), weightDecay: s.decay(0))
      ) { $0.weightDecay = 0 }
    case "Adagrad":
      grouped(
        Adagrad(
          learningRateDecay: s.number("learningRateDecay", 0),
          initialSquareSum: s.number("initialSquareSum", 0), epsilon: s.number("epsilon", 1e-10),
          weightDecay: s.decay(0))
      ) { $0.weightDecay = 0 }
    case "Adadelta":
      grouped(
        Adadelta(
          rho: s.number("rho", 0.9), epsilon: s.number("epsilon", 1e-6), weightDecay: s.decay(0))
      ) { $0.weightDecay = 0 }
    case "Adafactor":
      grouped(
        Adafactor(
          decayExponent: s.number("decayExponent", -0.8),
          epsilon: s.parity.attributes["epsilon"]?.number,
          scaleEpsilon: s.number("scaleEpsilon", 1e-3),
          clippingThreshold: s.number("clippingThreshold", 1), weightDecay: s.decay(0))
      ) { $0.weightDecay = 0 }
    default: nil
    }
  }

  private func others(_ s: Settings) -> (any Optimizer)? {
    switch s.parity.name {
    case "Lion":
      grouped(Lion(beta1: s.beta1, beta2: s.beta2(0.99), weightDecay: s.decay(0.01))) {
        $0.weightDecay = 0
      }
    case "LAMB":
      grouped(
        LAMB(
          beta1: s.beta1, beta2: s.beta2(), epsilon: s.number("epsilon", 1e-6),
          weightDecay: s.decay(0.01))
      ) { $0.weightDecay = 0 }
    case "StableAdamW":
      grouped(
        StableAdamW(
          beta1: s.beta1, beta2: s.beta2(0.99), epsilon: s.number("epsilon", 1e-6),
          weightDecay: s.decay(0.01))
      ) { $0.weightDecay = 0 }
    case "Muon": grouped(muon(s)) { $0.weightDecay = 0 }
    default: nil
    }
  }

  private func muon(_ s: Settings) -> Muon {
    var muon = Muon(
      momentum: s.number("momentum", 0.95), nesterov: s.flag("nesterov", true),
      weightDecay: s.decay(0.1), epsilon: s.number("epsilon", 1e-7),
      iterations: Int(s.number("iterations", 5)))
    if let list = s.parity.attributes["coefficients"]?.list {
      muon.coefficients = SIMD3(list.map(\.number))
    }
    if s.parity.attributes["scaling"] != nil { muon.scaling = .matchingAdamW }
    if let precision = s.parity.attributes["precision"]?.text {
      muon.precision = DType(named: precision)
    }
    return muon
  }

  /// The second group has half the rate, and its change.
  private func grouped<Rule: Optimizer>(
    _ rule: Rule, _ change: @escaping @Sendable (inout Rule) -> Void
  ) -> any Optimizer {
    rule.varying(.path("second"), learningRateFactor: 0.5, change)
  }

  /// The largest distance of two tensors relative to each element, or to 1 where that is larger.
  private func distance(_ got: Tensor, _ expected: Tensor) -> Double {
    zip(got.elements(Double.self), expected.elements(Double.self))
      .map { abs($0 - $1) / max(abs($1), 1) }.reduce(0) { $0 >= $1 ? $0 : $1 }
  }

  func testTwentyStepsOfTwoGroups() throws {
    let file = try FixtureFile("optimizers")
    var followed = 0
    var farthest: [String: Double] = [:]
    try withEvery("optimizer", in: try file.cases("optimizer")) { parity in
      func tensor(_ name: String) throws -> Tensor {
        try XCTUnwrap(file.tensor(name, of: parity), name)
      }
      var optimizer = try XCTUnwrap(optimizer(Settings(parity: parity)), parity.name)
      let model = Two(try tensor("initial.first"), try tensor("initial.second"))
      let (first, second) = (try tensor("gradients.first"), try tensor("gradients.second"))
      let dtype = first.dtype
      let traces = (try tensor("trace.first"), try tensor("trace.second"))
      let missing = Set(parity.attributes["missing"]!.ints)
      for step in 0..<first.shape[0] {
        optimizer.update(
          model, with: model.gradients(first[step], missing.contains(step) ? nil : second[step]),
          learningRate: parity.attributes["learningRate"]!.number)
        let distance = max(
          distance(model.first.value, traces.0[step]), distance(model.second.value, traces.1[step])
        )
        let key =
          "\(parity.name) \(parity.attributes["precision"] == nil ? "" : "unrounded ")\(dtype)"
        farthest[key] = max(farthest[key] ?? 0, distance)
        expect(distance <= (dtype == .float64 ? 1e-12 : 1e-6), "step \(step): off by \(distance)")
      }
      XCTAssertEqual(optimizer.states["second"]?.step, first.shape[0] - missing.count)
      followed += 1
    }
    for (key, distance) in farthest.sorted(by: { $0.key < $1.key }) { print(key, distance) }
    print("\(followed) optimizer traces of two groups followed")
    XCTAssertEqual(followed, 132)
  }
}
