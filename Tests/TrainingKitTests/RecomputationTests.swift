import Foundation
import TrainingKit
import XCTest

/// Pieces of a graph that are computed twice.
final class RecomputationTests: XCTestCase {
  private func block() -> Sequential {
    Sequential {
      Linear(6, 12)
      BatchNorm(12)
      GELU()
      Dropout(0.3)
      Linear(12, 6)
    }
  }

  /// Loss, gradients, buffers and the next random number with and without recomputation.
  private func trace(
    _ isRecomputed: Bool, dtype: DType? = nil, philox: Bool = true,
    _ loss: (Sequential, @escaping (@escaping () -> Tensor) -> Tensor) -> Tensor
  ) -> [String: [Double]] {
    let generator =
      philox ? RandomGenerator(seed: 5) : RandomGenerator(mersenneTwister: 5)
    return withRandomGenerator(generator) {
      let model = block()
      let value = autocast(dtype) { loss(model) { isRecomputed ? recompute($0) : $0() } }
      let gradients = model.gradients(of: value)
      var trace = model.state().mapValues { $0.elements(Double.self) }
      for path in gradients.paths { trace["gradient." + path] = gradients[path]!.elements() }
      trace["loss"] = value.elements()
      trace["missing"] = [Double(gradients.missing.count)]
      trace["random"] = Tensor.randomNormal([2]).elements()
      return trace
    }
  }

  private let x = RandomGenerator(seed: 1).normal([4, 6])

  /// But for the order of sums where a tensor is used in several places.
  func testTheBitsAreTheSame() {
    let uses: [(String, (Sequential, @escaping (@escaping () -> Tensor) -> Tensor) -> Tensor)] = [
      ("one", { model, again in again { model(self.x) }.square().sum() }),
      ("twice", { model, again in (again { model(self.x) } * again { model(self.x) }).sum() }),
      ("nested", { model, again in again { again { model(self.x) }.tanh() * 2 }.sum() }),
      (
        "inside and outside",
        { model, again in
          let y = model(self.x)
          return (again { model(y) * y } + y).square().sum()
        }
      ),
      ("its own output", { model, again in again { again { model(self.x) } }.sum() }),
      (
        "chain",
        { model, again in
          (0..<4).reduce(self.x) { y, _ in again { model(y) } }.square().mean()
        }
      ),
      ("constants", { model, again in (again { self.x * 2 } * model(self.x)).sum() }),
    ]
    for (name, use) in uses {
      for dtype in [nil, DType.bfloat16, .float16] {
        for philox in [true, false] {
          let (again, plain) = (
            trace(true, dtype: dtype, philox: philox, use),
            trace(false, dtype: dtype, philox: philox, use)
          )
          let different = again.keys.filter { again[$0] != plain[$0] }.sorted()
          let isSum =
            name == "inside and outside" || dtype != nil && ["twice", "chain"].contains(name)
          for key in different where isSum && key.hasPrefix("gradient") {
            let (a, b) = (Tensor(again[key]!), Tensor(plain[key]!))
            // The bias before a norm has a gradient of 0 but for roundings.
            let scale = Tensor(plain["gradient.0.weight"]!).norm().item()
            XCTAssertLessThan((a - b).norm().item() / scale, dtype == nil ? 1e-6 : 0.02, key)
          }
          let others = different.filter { !(isSum && $0.hasPrefix("gradient")) }
          XCTAssertEqual(others, [], "\(name), \(dtype.map { "\($0)" } ?? "plain")")
          XCTAssertEqual(again.count, plain.count)
        }
      }
    }
  }

  func testWithoutGradientsItIsTheBody() {
    let model = block()
    withoutGradients { XCTAssertFalse(recompute { model(self.x) }.requiresGradient) }
    XCTAssertFalse(recompute { self.x * 2 }.requiresGradient)
    let tracked = x.tracked()
    XCTAssertTrue(recompute { tracked }.isIdentical(to: x))
    for named in model.parameters { named.parameter.isTrainable = false }
    let y = recompute { (model(self.x) * tracked).sum() }
    XCTAssertEqual(y.gradient(for: tracked).shape, x.shape)
  }

  func testGradientsOfGradients() {
    func curvature(_ isRecomputed: Bool) -> [Double] {
      let x = Tensor([0.5, -1, 2], dtype: .float64).tracked()
      let body = { (x * x * x).tanh() * x }
      let y = isRecomputed ? recompute(body) : body()
      let slope = y.sum().gradient(for: x, isRecorded: true)
      return slope.square().sum().gradient(for: x).elements()
    }
    XCTAssertEqual(curvature(true), curvature(false))
    let x = Tensor([0.5, -1, 2], dtype: .float64)
    XCTAssertTrue(checkGradients(of: { x in recompute { x[0].tanh() * x[0] } }, at: [x]).isCorrect)
  }

  func testALongChainNeitherLeaksNorOverflowsTheStack() {
    let live = Device.cpu.memory.live
    for isUsed in [true, false] {
      let x = Tensor([1.0]).tracked()
      var y = x
      for _ in 0..<20_000 {
        let before = y
        y = recompute { before * 1 }
      }
      if isUsed { XCTAssertEqual(y.gradient(for: x).item(), 1) }
    }
    XCTAssertEqual(Device.cpu.memory.live, live)
  }

  func testASecondRunThatDiffersIsAMistake() {
    func assertMistake(
      _ expected: String, isVerified: Bool = false, _ body: @escaping (Int, Tensor) -> Tensor
    ) {
      let x = Tensor([1.0, 2.0]).tracked()
      var runs = 0
      XCTAssertThrowsError(
        try validated {
          let y = recompute(isVerified: isVerified) {
            runs += 1
            return body(runs, x)
          }
          return y.sum().gradient(for: x)
        }
      ) { XCTAssertEqual("\($0)", expected) }
    }
    assertMistake("recompute: expected the same result again, got another", isVerified: true) {
      $1 * Double($0)
    }
    let generator = RandomGenerator(seed: 1)
    assertMistake("recompute: expected the same result again, got another", isVerified: true) {
      $1 * generator.normal([2])
    }
    assertMistake("recompute: expected float32 of [2] again, got float32 of [1]") {
      $0 == 1 ? $1 * 2 : $1[0..<1] * 2
    }
    let other = Tensor([1.0, 1.0]).tracked()
    assertMistake(
      "recompute: expected 1 tensors with gradients to be used again, got 2, or others"
    ) { $0 == 1 ? $1 * 2 : $1 * 2 + other }
  }

  func testAnotherThreadIsRefused() {
    let x = Tensor([1.0, 2.0]).tracked()
    let y = recompute { x * x }.sum()
    let done = expectation(description: "thread")
    let thread = Thread {
      do {
        _ = try validated { y.gradient(for: x) }
        XCTFail("expected a mistake")
      } catch {
        let expected = "the backward pass on the thread of the forward pass, got it on another"
        XCTAssertEqual("\(error)", "recompute: expected \(expected)")
      }
      done.fulfill()
    }
    thread.start()
    wait(for: [done], timeout: 10)
  }
}
