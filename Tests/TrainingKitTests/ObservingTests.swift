import TestSupport
import TrainingKit
import XCTest

/// Whoever looks sees every call, and changes nothing.
final class ObservingTests: XCTestCase {
  private let model = Sequential {
    Linear(4, 8)
    ReLU()
    Dropout(0.5)
    Linear(8, 3)
  }
  private let x = Tensor.randomNormal([5, 4], generator: RandomGenerator(seed: 1))

  private func observed() -> (calls: [Observation], output: Tensor) {
    var calls: [Observation] = []
    let output = withRandomGenerator(RandomGenerator(seed: 2)) {
      observing(model, with: { calls.append($0) }) { model(x).square() }
    }
    return (calls, output)
  }

  func testCallsAreToldInTheOrderInWhichTheyEnd() {
    let calls = observed().calls
    let modules = calls.filter { $0.kind == .module }
    XCTAssertEqual(modules.map(\.path), ["0", "1", "2", "3", ""])
    XCTAssertEqual(modules.map(\.name), ["Linear", "ReLU", "Dropout", "Linear", "Sequential"])
    XCTAssertTrue(modules[0].inputs[0].isIdentical(to: x))
    XCTAssertEqual(modules[4].outputs[0].shape, [5, 3])
    XCTAssertEqual(calls.last?.name, "square")
    XCTAssertNil(calls.last?.path)
    XCTAssertEqual(calls.first { $0.name == "relu" }?.path, "1")
  }

  func testResultsHaveTheSameBits() {
    let plain = withRandomGenerator(RandomGenerator(seed: 2)) { model(x).square() }
    XCTAssertTrue(observed().output.isIdentical(to: plain))
  }

  func testGradientsOfWhatWasSeenCanBeAskedFor() {
    let (calls, output) = observed()
    let hidden = calls.first { $0.name == "relu" }!.outputs[0]
    let gradient = output.sum().gradient(for: hidden)
    XCTAssertEqual(gradient.shape, [5, 8])
    XCTAssertGreaterThan(gradient.abs().sum().item(), 0)
  }

  func testWhatTheObserverComputesIsNotTold() {
    var count = 0
    observing(
      model,
      with: {
        count += 1
        XCTAssertFalse($0.outputs[0].square().requiresGradient)
      }
    ) { _ = x.square() }
    XCTAssertEqual(count, 1)
  }

  func testEvaluatingGivesEveryModeBack() {
    let dropout = model.modules[2] as! Dropout
    dropout.evaluate()
    let both = Sequential {
      model
      Dropout(0.5)
    }
    both.evaluating { XCTAssertFalse(both.isTraining) }
    XCTAssertTrue(both.modules[1].isTraining)
    XCTAssertFalse(dropout.isTraining)
  }
}
