import TestSupport
import TrainingKit
import XCTest

final class LossTests: XCTestCase {
  private func predictions(_ sample: LossSample, _ dtype: DType = .float64) -> Tensor {
    RandomGenerator(seed: 2).uniform(sample.shape, in: -2..<2, dtype: .float64).cast(to: dtype)
  }

  func testEveryLossHasTheRightGradients() {
    for sample in LossCatalog.all {
      for reduction in Reduction.allCases {
        for order in [1, 2] {
          let check = checkGradients(
            of: { sample.apply($0[0], sample.targets, reduction) }, at: [predictions(sample)],
            order: order)
          XCTAssertTrue(check.isCorrect, "\(sample.name), \(reduction): \(check)")
        }
      }
    }
  }

  func testEveryLossIsReducedConsistently() {
    for sample in LossCatalog.all {
      let x = predictions(sample)
      let each = sample.apply(x, sample.targets, .none)
      let sum = sample.apply(x, sample.targets, .sum)
      XCTAssertTrue(sum.isClose(to: each.sum(), relative: 1e-12), sample.name)
      let mean = sample.apply(x, sample.targets, .mean).item()
      XCTAssertGreaterThanOrEqual(mean, each.min().item(), sample.name)
      XCTAssertLessThanOrEqual(mean, each.max().item(), sample.name)
    }
  }

  func testEveryLossKeepsTheDType() {
    for sample in LossCatalog.all {
      for dtype in [DType.float32, .float16, .bfloat16] {
        let loss = sample.apply(predictions(sample, dtype), sample.targets.matching(dtype), .mean)
        XCTAssertEqual(loss.dtype, dtype, sample.name)
        let exact = sample.apply(predictions(sample), sample.targets, .mean).item()
        XCTAssertEqual(
          loss.item(), exact, accuracy: 8 * dtype.machineEpsilon * max(1, exact),
          "\(sample.name) in \(dtype)")
      }
    }
  }

  func testEveryLossIsFiniteForLargeLogits() {
    for sample in LossCatalog.all {
      for dtype in [DType.float32, .float64] {
        let x = (predictions(sample, dtype) * 1e4).tracked()
        let loss = sample.apply(x, sample.targets, .mean)
        XCTAssertTrue(loss.item().isFinite, sample.name)
        XCTAssertEqual(loss.gradient(for: x).isFinite().all().item(), 1, sample.name)
      }
    }
  }

  // PyTorch 2.13 in float64.
  private let logits = Tensor(
    [[0.5, -1, 2], [1, 0, -0.5], [3, 3, 3], [-2, 0.25, 1]], dtype: .float64)
  private let labels = Tensor([2, 0, -100, 1])
  private let weight = Tensor([0.5, 1, 2], dtype: .float64)

  private func assertEqual(
    _ got: Tensor, _ expected: [Double], line: UInt = #line
  ) {
    let close = got.flattened().isClose(
      to: Tensor(expected, dtype: .float64), relative: 1e-12, absolute: 1e-15)
    XCTAssertTrue(close, "\(got), expected \(expected)", line: line)
  }

  func testCrossEntropyIsPyTorchs() {
    assertEqual(
      crossEntropy(logits, labels, reduction: .none),
      [0.24131129665715703, 0.4643687841079449, 0, 1.1701261880575138])
    assertEqual(crossEntropy(logits, labels), [0.6252687562742053])
    assertEqual(crossEntropy(logits, labels, weight: weight), [0.5385523352645144])
    assertEqual(crossEntropy(logits, labels, labelSmoothing: 0.1), [0.7197132007186497])
    assertEqual(
      crossEntropy(logits, labels, weight: weight, labelSmoothing: 0.1), [0.6174620726035787])
    assertEqual(
      crossEntropy(logits, labels, weight: weight, labelSmoothing: 0.1, reduction: .sum),
      [2.1611172541125256])
    let probabilities = Tensor(
      [[0.2, 0.3, 0.5], [1, 0, 0], [0, 0.5, 0.5], [0.1, 0.1, 0.8]], dtype: .float64)
    assertEqual(
      crossEntropy(logits, probabilities, weight: weight, labelSmoothing: 0.1),
      [1.0995480885590942])
  }

  func testDistancesArePyTorchs() {
    let a = Tensor([0.5, -1, 3, -2.5], dtype: .float64)
    let b = Tensor([0.25, 1, 3.2, -1], dtype: .float64)
    assertEqual(meanSquaredError(a, b), [1.588125])
    assertEqual(l1Loss(a, b), [0.9875])
    assertEqual(huberLoss(a, b, delta: 0.7), [0.5028124999999999])
    assertEqual(smoothL1Loss(a, b, beta: 0.7), [0.7183035714285715])
    assertEqual(smoothL1Loss(a, b, beta: 0), [0.9875])
    let yes = Tensor([1, 0, 0.25, 0.5], dtype: .float64)
    let positive = Tensor([0.5, 2, 3, 1], dtype: .float64)
    assertEqual(
      binaryCrossEntropyWithLogits(
        a, yes, weight: Tensor(2.0), positiveWeight: positive), [2.1010354706307197])
  }

  func testNoLabelThatTakesPartGivesZeroAndMovesNothing() {
    for labels in [Tensor([-100, -100]), Tensor([7, 7])] {
      let x = Tensor([[1, 2], [3, .infinity]], dtype: .float32).tracked()
      let ignored = Int(labels[0].item())
      for loss in [
        crossEntropy(x, labels, ignoreIndex: ignored, labelSmoothing: 0.1),
        crossEntropy(x, labels, weight: Tensor([1.0, 2]), ignoreIndex: ignored),
        negativeLogLikelihood(x, labels, ignoreIndex: ignored),
      ] {
        XCTAssertEqual(loss.item(), 0)
      }
      let finite = Tensor([[1.0, 2], [3, 4]]).tracked()
      let gradient = crossEntropy(finite, labels, ignoreIndex: ignored).gradient(for: finite)
      XCTAssertTrue(gradient.isIdentical(to: .zeros([2, 2])))
    }
    let nothing = crossEntropy(Tensor.zeros([0, 3]), Tensor([Int]()))
    XCTAssertEqual(nothing.item(), 0)
  }

  func testAnImpossibleLabelIsInfinitelySurprising() {
    let x = Tensor([[-Float.infinity, 0], [0, 0]])
    XCTAssertEqual(crossEntropy(x, Tensor([0, 1])).item(), .infinity)
    XCTAssertEqual(crossEntropy(x, Tensor([1, 1])).item(), 0.5 * 2.0.logarithm, accuracy: 1e-6)
  }

  func testExtremeLogitsKeepTheirSmallDigits() {
    let x = Tensor([1000.0, -1000, 20, -20])
    let losses = binaryCrossEntropyWithLogits(x, Tensor([1.0, 0, 1, 0]), reduction: .none)
    XCTAssertEqual(losses.elements(Float.self), [0, 0, 2.0611537e-9, 2.0611537e-9])
    let wrong = binaryCrossEntropyWithLogits(x, Tensor([0.0, 1, 0, 1]), reduction: .none)
    XCTAssertEqual(wrong.elements(Float.self), [1000, 1000, 20, 20])
    let far = huberLoss(Tensor([Float.infinity]).tracked(), Tensor([0.0]))
    XCTAssertEqual(far.item(), .infinity)
    let source = Tensor([Float.infinity, -.infinity]).tracked()
    let pull = huberLoss(source, Tensor([0.0, 0]), reduction: .sum).gradient(for: source)
    XCTAssertEqual(pull.elements(Float.self), [1, -1])
  }

  func testTheMeanOverNothingIsNaN() {
    let nothing = Tensor.zeros([0])
    XCTAssertTrue(meanSquaredError(nothing, nothing).item().isNaN)
    XCTAssertEqual(meanSquaredError(nothing, nothing, reduction: .sum).item(), 0)
  }

  func testALabelThatIsNoClassIsAMistake() {
    XCTAssertThrowsError(try validated { crossEntropy(logits, Tensor([0, 3, 1, 1])) }) {
      XCTAssertEqual(
        "\($0)", "crossEntropy: expected labels in 0..<3, or -100 to ignore one, got 3")
    }
    XCTAssertThrowsError(try validated { crossEntropy(logits, Tensor([0, -1, 1, 1])) })
  }

  func testShapesThatOnlyBroadcastAreMistakes() {
    let (column, row) = (Tensor.zeros([4, 1]), Tensor.zeros([4]))
    let losses: [(Tensor, Tensor) -> Tensor] = [
      { meanSquaredError($0, $1) }, { l1Loss($0, $1) }, { huberLoss($0, $1) },
      { smoothL1Loss($0, $1) }, { binaryCrossEntropyWithLogits($0, $1) },
    ]
    for loss in losses {
      XCTAssertThrowsError(try validated { loss(column, row) })
      XCTAssertNoThrow(try validated { loss(row, row) })
    }
    XCTAssertThrowsError(try validated { meanSquaredError(column, row) }) {
      XCTAssertEqual(
        "\($0)",
        "meanSquaredError: expected predictions and targets of one shape, got [4, 1] and [4]")
    }
  }

  func testOtherMistakesHaveSentences() {
    let mistakes: [(String, () -> Tensor)] = [
      ("weight", { crossEntropy(self.logits, self.labels, weight: Tensor([1.0])) }),
      ("labels of a column", { crossEntropy(self.logits, Tensor.zeros([4, 1], dtype: .int64)) }),
      ("bool", { crossEntropy(self.logits, Tensor([true, false, true, true])) }),
      ("smoothing", { crossEntropy(self.logits, self.labels, labelSmoothing: 1.5) }),
      ("whole logits", { crossEntropy(Tensor([[1, 2]]), Tensor([0])) }),
      ("a single logit", { crossEntropy(Tensor(1.0), Tensor(0)) }),
      ("delta", { huberLoss(self.logits, self.logits, delta: 0) }),
      ("beta", { smoothL1Loss(self.logits, self.logits, beta: -1) }),
      (
        "positive weight",
        {
          binaryCrossEntropyWithLogits(
            self.logits, self.logits, positiveWeight: Tensor([1.0, 2]))
        }
      ),
    ]
    for (name, mistake) in mistakes {
      XCTAssertThrowsError(try validated(mistake), name) {
        XCTAssertTrue("\($0)".contains(": expected "), "\($0)")
      }
    }
  }
}

extension Tensor {
  /// Probabilities in the dtype of the predictions; labels as they are.
  fileprivate func matching(_ dtype: DType) -> Tensor {
    self.dtype.isFloatingPoint ? cast(to: dtype) : self
  }
}

extension Double {
  fileprivate var logarithm: Double { Tensor(self, dtype: .float64).log().item() }
}
