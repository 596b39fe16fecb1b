import TrainingDiagnostics
import TrainingKit
import XCTest

/// A run each step of which draws random numbers and takes note of its batch, so that one call too many is seen.
enum TouchyRun {
  static func start(
    _ inputs: Int, _ hidden: Int, _ outputs: Int, optimizer: any Optimizer, rate: Double
  ) -> TrainingRun<Sequential> {
    withRandomGenerator(RandomGenerator(seed: 3)) {
      let model = Sequential {
        Linear(inputs, hidden)
        BatchNorm(hidden)
        Dropout(0.3)
        Linear(hidden, outputs)
      }
      return TrainingRun(
        model: model, optimizer: optimizer, schedule: .constant(rate),
        generator: RandomGenerator(seed: 4))
    }
  }

  /// Takes the same steps without a doctor and with one, and compares all that is left of them.
  static func assertNoBitChanges<Item>(
    _ plain: TrainingRun<Sequential>, _ watched: inout WatchedRun<Sequential, Item>,
    _ items: some Sequence<Item>, _ loss: (Sequential, Item) -> Tensor
  ) throws {
    var plain = plain
    for item in items {
      let expected = try plain.step { loss($0, item) }.report.loss
      XCTAssertEqual(try watched.step(item).outcome.report.loss, expected)
    }
    _ = try watched.conclude()
    let state = watched.run.model.state()
    for (path, value) in plain.model.state() {
      XCTAssertTrue(value.isIdentical(to: state[path]!), path)
    }
    XCTAssertEqual(plain.generator?.state, watched.run.generator?.state)
  }
}
