import FakeCUDA
import TestSupport
import TrainingKit
import XCTest

/// How many kernels a step launches does not grow with the parameters where one launch can do all.
final class LaunchTests: XCTestCase {
  private let steps = 3

  /// Trains a network of six layers, twelve parameters, for some steps.
  private func train(
    _ gpu: FakeGPU, _ optimizer: any Optimizer, _ dtype: DType = .float32
  ) throws {
    try gpu.run {
      let model = withRandomGenerator(RandomGenerator(seed: 1)) {
        Sequential {
          for _ in 0..<6 { Linear(5, 5) }
        }
      }
      model.convert(to: dtype)
      var run = TrainingRun(model: model, optimizer: optimizer, schedule: .constant(0.1))
      let x = RandomGenerator(seed: 2).normal([4, 5]).cast(to: dtype)
      for _ in 0..<steps { _ = try run.step { $0(x).square().sum() } }
    }
  }

  func testAnUpdateIsOneLaunch() throws {
    let gpu = FakeGPU()
    try train(gpu, AdamW())
    XCTAssertEqual(gpu.launches("update<update_adam, float>"), steps)
  }

  func testParametersOfOtherSettingsAreInTheSameLaunch() throws {
    let gpu = FakeGPU()
    try train(
      gpu,
      AdamW().varying(.biasesAndNorms, learningRateFactor: 0.5) { $0.weightDecay = 0 })
    XCTAssertEqual(gpu.launches("update<update_adam, float>"), steps)
  }

  func testARoundedUpdateIsOneLaunch() throws {
    let gpu = FakeGPU()
    try train(gpu, AdamW().rounding(.stochastic(seed: 1)), .bfloat16)
    XCTAssertEqual(gpu.launches("update_rounded<update_adam>"), steps)
  }

  func testEachOptimizerIsALaunchOfItsOwn() throws {
    let gpu = FakeGPU()
    try train(gpu, AdamW().using(SGD(momentum: 0.9), for: .path("2.**")))
    XCTAssertEqual(gpu.launches("update<update_adam, float>"), steps)
    XCTAssertEqual(gpu.launches("update<update_sgd_momentum, float>"), steps)
  }

  func testStatisticsOfAllGradientsAreOneLaunch() throws {
    let gpu = FakeGPU()
    try train(gpu, SGD())
    XCTAssertEqual(gpu.launches("measureEach<float>"), steps)
    XCTAssertEqual(gpu.launches("joinEach"), steps)
  }
}
