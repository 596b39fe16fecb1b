import TestSupport
import TrainingKit
import XCTest

/// What is true of layers that go along sequences.
final class RecurrentTests: XCTestCase {
  private let x = RandomGenerator(seed: 1).normal([2, 5, 3], dtype: .float64)

  private func lstm(_ layers: Int = 2, isBidirectional: Bool = false) -> LSTM {
    let layer = withRandomGenerator(RandomGenerator(seed: 2)) {
      LSTM(3, 4, layers: layers, isBidirectional: isBidirectional)
    }
    layer.convert(to: .float64)
    return layer
  }

  func testASequenceInTwoPartsGivesWhatItGivesAtOnce() {
    let layer = lstm()
    let (outputs, end) = layer(x, state: nil)
    let (first, middle) = layer(x[.all, ..<2], state: nil)
    let (second, last) = layer(x[.all, 2...], state: middle)
    XCTAssertTrue(concatenate([first, second], axis: 1).isClose(to: outputs, relative: 1e-12))
    XCTAssertTrue(last.hidden.isClose(to: end.hidden, relative: 1e-12))
    XCTAssertTrue(last.cell.isClose(to: end.cell, relative: 1e-12))
    XCTAssertEqual(end.cell.shape, [2, 2, 4])
    XCTAssertTrue(layer(x).isIdentical(to: outputs))
  }

  func testACellIsOneStepOfALayer() {
    let layer = lstm(1)
    let start = LSTMState(
      hidden: x[.all, 0..<1, 0..<1].broadcast(to: [2, 1, 4]).transposed(0, 1),
      cell: Tensor.ones([1, 2, 4], dtype: .float64))
    let (outputs, _) = layer(x[.all, ..<1], state: start)
    let cell = layer.cells[0](
      x[.all, 0], state: LSTMState(hidden: start.hidden[0], cell: start.cell[0]))
    XCTAssertTrue(cell.hidden.isClose(to: outputs[.all, 0], relative: 1e-12))
  }

  /// What stands in the padding reaches neither outputs nor the state.
  func testPaddingIsNotSeen() {
    let mask = Tensor([
      [true, true, true, false, false], [true, true, true, true, true],
    ])
    let other = which(mask.expandedDimensions(axis: 2), x, Tensor(Double.nan, dtype: .float64))
    let layer = lstm(isBidirectional: true)
    let (outputs, state) = layer(x, state: nil, mask: mask)
    let (short, shortState) = layer(x[..<1, ..<3], state: nil)
    XCTAssertTrue(outputs[..<1, ..<3].isClose(to: short, relative: 1e-12))
    XCTAssertTrue(state.hidden[.all, ..<1].isClose(to: shortState.hidden, relative: 1e-12))
    XCTAssertEqual(outputs[0, 3...].abs().max().item(), 0)
    XCTAssertTrue(layer(other, state: nil, mask: mask).outputs.isIdentical(to: outputs))
  }

  func testAReversedCellSeesTheEndFirst() {
    let layer = lstm(1, isBidirectional: true)
    let changed = concatenate([x[.all, ..<4], x[.all, 4...] + 1], axis: 1)
    let (first, second) = (layer(x), layer(changed))
    XCTAssertTrue(first[.all, ..<4, ..<4].isClose(to: second[.all, ..<4, ..<4], relative: 1e-12))
    XCTAssertFalse(first[.all, 0, 4...].isClose(to: second[.all, 0, 4...]))
  }

  func testDropoutActsBetweenLayersInTrainingOnly() {
    func layer(_ layers: Int, _ dropout: Double) -> GRU {
      withRandomGenerator(RandomGenerator(seed: 2)) { GRU(3, 4, layers: layers, dropout: dropout) }
    }
    let x = self.x.cast(to: .float32)
    let (plain, dropping) = (layer(2, 0), layer(2, 0.5))
    XCTAssertFalse(dropping(x).isClose(to: plain(x)))
    dropping.evaluate()
    XCTAssertTrue(dropping(x).isIdentical(to: plain(x)))
    XCTAssertTrue(layer(1, 0.5)(x).isIdentical(to: layer(1, 0)(x)))
  }

  func testALayerFitsInASequential() {
    let model = Sequential {
      LSTM(3, 4, isBidirectional: true)
      GRU(8, 4)
      FunctionLayer { $0[.all, -1] }
      Linear(4, 2)
    }
    XCTAssertEqual(model(Tensor.zeros([2, 5, 3])).shape, [2, 2])
    XCTAssertEqual(model.parameters[4].path, "0.cells.1.inputWeight")
    XCTAssertEqual(model(Tensor.zeros([2, 1, 3])).shape, [2, 2])
    XCTAssertEqual(LSTM(3, 4)(Tensor.zeros([2, 0, 3])).shape, [2, 0, 4])
  }

  /// A cell of one's own gets layers, directions and masks.
  func testAnyCellMakesALayer() {
    let layer = Recurrent(1) { _ in Sum() }
    let x = Tensor([1.0, 2, 3, 4, 5, 6]).reshaped([2, 3, 1])
    let (outputs, state) = layer(
      x, state: nil, mask: Tensor([[true, true, true], [true, false, true]]))
    XCTAssertEqual(outputs.elements(Double.self), [1, 3, 6, 4, 0, 10])
    XCTAssertEqual(state.elements(Double.self), [6, 10])
  }

  func testMistakesNameTheLayer() {
    let model = Sequential {
      Linear(3, 3); LSTM(2, 4)
    }
    XCTAssertThrowsError(try validated { model(Tensor.zeros([2, 5, 3])) }) {
      XCTAssertEqual("\($0)", "1: Recurrent: expected [batch, length, 2], got [2, 5, 3]")
    }
    let gru = GRU(3, 4)
    let x = Tensor.zeros([2, 5, 3])
    XCTAssertThrowsError(try validated { gru(x, state: Tensor.zeros([2, 4])) }) {
      XCTAssertEqual("\($0)", "GRUCell: expected a state of [1, 2, 4], got [2, 4]")
    }
    XCTAssertThrowsError(try validated { gru(x, state: nil, mask: Tensor([true, false])) }) {
      XCTAssertEqual(
        "\($0)", "Recurrent: expected a mask of bool and of [2, 5], got bool of [2]")
    }
    XCTAssertThrowsError(try validated { gru.cells[0](Tensor.zeros([2, 4]), state: nil) }) {
      XCTAssertEqual("\($0)", "GRUCell: expected [batch, 3], got [2, 4]")
    }
    XCTAssertThrowsError(try validated { GRU(3, 4, layers: 0) })
    XCTAssertThrowsError(try validated { GRU(3, 4, dropout: 2) })
  }

  /// A long sequence learns: the sign of its first token, twenty steps later.
  func testALSTMRemembers() throws {
    let generator = RandomGenerator(seed: 3)
    let x = generator.normal([64, 20, 1])
    let labels = (x[.all, 0, 0] .> 0).cast(to: .int64)
    let model = withRandomGenerator(RandomGenerator(seed: 4)) {
      Sequential {
        LSTM(1, 16); FunctionLayer { $0[.all, -1] }; Linear(16, 2)
      }
    }
    var run = TrainingRun(
      model: model, optimizer: Adam(), schedule: .constant(1e-2), clipping: .globalNorm(1))
    var loss = Double.infinity
    for _ in 0..<150 {
      loss = try run.step { crossEntropy($0(x), labels) }.report.loss
    }
    XCTAssertLessThan(loss, 0.1)
  }
}

/// Adds up what it sees.
private final class Sum: RecurrentCell {
  let inputs = 1
  let features = 1

  func projected(_ x: Tensor) -> Tensor { x }
  func makeStep() -> (_ state: Tensor, _ token: Tensor) -> Tensor { { $0 + $1 } }
}
