import TestSupport
import TrainingKit
import XCTest

final class LossTests: XCTestCase {
  private func predictions(_ sample: LossSample, _ dtype: DType = .float64) -> Tensor {
    RandomGenerator(seed: 2).uniform(sample.shape, in: sample.interval, dtype: .float64)
      .cast(to: dtype)
  }

  private let reductions: [(name: String, Reduction<Tensor>)] = [
    ("none", .none), ("mean", .mean), ("sum", .sum), ("batchMean", .batchMean),
  ]

  func testEveryLossHasTheRightGradients() {
    for sample in LossCatalog.all {
      for (name, reduction) in reductions {
        for order in [1, 2] {
          let check = checkGradients(
            of: { sample($0[0], sample.targets, reduction) }, at: [predictions(sample)],
            order: order)
          XCTAssertTrue(check.isCorrect, "\(sample.name), \(name): \(check)")
        }
      }
    }
  }

  func testEveryLossIsReducedConsistently() {
    for sample in LossCatalog.all {
      let x = predictions(sample)
      let each = sample(x, sample.targets, .none)
      let sum = sample(x, sample.targets, .sum)
      XCTAssertTrue(sum.isClose(to: each.sum(), relative: 1e-12), sample.name)
      let mean = sample(x, sample.targets, .mean).item()
      XCTAssertGreaterThanOrEqual(mean, each.min().item(), sample.name)
      XCTAssertLessThanOrEqual(mean, each.max().item(), sample.name)
      let batchMean = sample(x, sample.targets, .batchMean).item()
      let batch = each.rank == 0 ? 1 : each.shape[0]
      XCTAssertEqual(batchMean, sum.item() / Double(batch), accuracy: 1e-12, sample.name)
      let counted = sample(x, sample.targets, .counted)
      XCTAssertEqual(counted.count, sample.count ?? Double(each.shape.count), sample.name)
      XCTAssertTrue(counted.sum.isIdentical(to: sum), sample.name)
      XCTAssertEqual(counted.mean.item(), mean, accuracy: 1e-12, sample.name)
    }
  }

  func testEveryLossKeepsTheDType() {
    for sample in LossCatalog.all {
      for dtype in [DType.float32, .float16, .bfloat16] {
        for (name, reduction) in reductions {
          let loss = sample(predictions(sample, dtype), sample.targets.matching(dtype), reduction)
          XCTAssertEqual(loss.dtype, dtype, "\(sample.name), \(name)")
        }
        let loss = sample(predictions(sample, dtype), sample.targets.matching(dtype), .mean)
        let exact = sample(
          predictions(sample, dtype).cast(to: .float64), sample.targets.matching(dtype), .mean
        ).item()
        XCTAssertEqual(
          loss.item(), exact, accuracy: 8 * dtype.machineEpsilon * max(1, exact),
          "\(sample.name) in \(dtype)")
      }
    }
  }

  func testEveryLossIsFiniteForLargePredictions() {
    for sample in LossCatalog.all {
      for dtype in [DType.float32, .float64] {
        let x = (predictions(sample, dtype) * sample.growth).tracked()
        let loss = sample(x, sample.targets, .mean)
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

  func testTheMeanOverNothingIsZero() {
    let nothing = Tensor.zeros([0, 3]).tracked()
    let losses: [(Reduction<Tensor>) -> Tensor] = [
      { meanSquaredError(nothing, nothing.detached(), reduction: $0) },
      { binaryCrossEntropy(nothing, nothing.detached(), reduction: $0) },
      { klDivergence(nothing, nothing.detached(), reduction: $0) },
      { crossEntropy(nothing, Tensor([Int]()), reduction: $0) },
      { crossEntropy(nothing, nothing.detached(), reduction: $0) },
      { zLoss(nothing, reduction: $0) },
      { tripletMarginLoss(anchor: nothing, positive: nothing, negative: nothing, reduction: $0) },
    ]
    for (position, loss) in losses.enumerated() {
      for reduction in [Reduction.mean, .sum, .batchMean] {
        let value = loss(reduction)
        XCTAssertEqual(value.item(), 0, "\(position)")
        XCTAssertEqual(value.gradient(for: nothing).shape, [0, 3], "\(position)")
      }
    }
    XCTAssertEqual(LossSum.zero.mean.item(), 0)
  }

  /// A prediction that is not a number is a symptom for the guard of a step, and no mistake.
  func testNaNPredictionsGiveNaNLosses() {
    let broken = Tensor([Float.nan, 0.5])
    XCTAssertTrue(binaryCrossEntropy(broken, Tensor([1.0, 0])).item().isNaN)
    XCTAssertTrue(klDivergence(broken, Tensor([0.5, 0.5])).item().isNaN)
    XCTAssertTrue(hingeEmbeddingLoss(broken, Tensor([1, 1])).item().isNaN)
  }

  /// What PyTorch computes as 0 · ∞.
  func testATargetOfNoProbabilityCostsNothing() {
    let logQ = Tensor([-Float.infinity, 0]).tracked()
    let target = Tensor([0.0, 1]).tracked()
    let loss = klDivergence(logQ, target, reduction: .sum)
    XCTAssertEqual(loss.item(), 0)
    let gradients = loss.gradients(for: [logQ, target])
    XCTAssertEqual(gradients[0].elements(Float.self), [0, -1])
    XCTAssertEqual(gradients[1].elements(Float.self), [0, 1])
    XCTAssertEqual(klDivergence(logQ, target.log(), logTargets: true, reduction: .sum).item(), 0)
    let impossible = klDivergence(logQ, Tensor([0.5, 0.5]), reduction: .sum)
    XCTAssertEqual(impossible.item(), .infinity)
  }

  func testZLossLeavesOutWhatTheLabelsIgnore() {
    let expected = zLoss(logits.taking(Tensor([0, 1, 3])), weight: 0.5)
    XCTAssertEqual(zLoss(logits, labels, weight: 0.5).item(), expected.item(), accuracy: 1e-14)
    XCTAssertEqual(zLoss(logits, labels, weight: 0.5, reduction: .none)[2].item(), 0)
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
      { binaryCrossEntropy($0, $1) }, { sigmoidFocalLoss($0, $1) }, { klDivergence($0, $1) },
      { poissonNegativeLogLikelihood($0, $1) }, { hingeEmbeddingLoss($0, $1 + 1) },
      { gaussianNegativeLogLikelihood($0, $1, variance: $0) },
      { marginRankingLoss($0, $1, .ones([4])) }, { marginRankingLoss($1, $1, $0 + 1) },
      { tripletMarginLoss(anchor: $0, positive: $0, negative: $1) },
      { cosineEmbeddingLoss($0, $1, Tensor.ones($0.shape.rank == 2 ? [4] : [])) },
    ]
    for loss in losses {
      XCTAssertThrowsError(try validated { loss(column, row) })
    }
    for loss in losses.prefix(9) { XCTAssertNoThrow(try validated { loss(row, row) }) }
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
      ("a probability of 2", { binaryCrossEntropy(Tensor([0.5, 2]), Tensor([0.0, 1])) }),
      (
        "weight of probabilities",
        {
          binaryCrossEntropy(Tensor([0.5]), Tensor([0.0]), weight: Tensor([1.0, 2]))
        }
      ),
      ("gamma", { sigmoidFocalLoss(self.logits, self.logits, gamma: -1) }),
      ("no sign", { hingeEmbeddingLoss(Tensor([0.5, 1]), Tensor([1, 0])) }),
      ("signs of vectors", { cosineEmbeddingLoss(self.logits, self.logits, Tensor([1, 1, 1])) }),
      (
        "margin",
        {
          tripletMarginLoss(
            anchor: self.logits, positive: self.logits, negative: self.logits, margin: 0)
        }
      ),
      (
        "a single vector",
        {
          let x = Tensor(1.0)
          return tripletMarginLoss(anchor: x, positive: x, negative: x)
        }
      ),
      (
        "negative variance",
        {
          gaussianNegativeLogLikelihood(self.logits, self.logits, variance: self.logits)
        }
      ),
      (
        "variances of a row",
        {
          gaussianNegativeLogLikelihood(self.logits, self.logits, variance: Tensor.ones([3]))
        }
      ),
      ("z of a scalar", { zLoss(Tensor(1.0)) }),
      ("z of labels", { zLoss(self.logits, Tensor([1])) }),
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
