import TestSupport
import TrainingKit
import XCTest

/// The same bits for any number of threads.
final class ThreadTests: XCTestCase {
  private func assertSameBits(
    _ name: String, _ body: () -> [Tensor], file: StaticString = #filePath, line: UInt = #line
  ) {
    let one = withThreads(1) { body() }
    for count in [2, 3] {
      for (a, b) in zip(one, withThreads(count) { body() }) {
        XCTAssertTrue(a.isIdentical(to: b), "\(name) on \(count)", file: file, line: line)
      }
    }
  }

  private func noise(_ shape: Shape, _ dtype: DType = .float32) -> Tensor {
    RandomGenerator(seed: 7).normal(shape, dtype: dtype)
  }

  /// Pieces and a rest that is none.
  func testFoldsOfManyElementsSeeAllOfThem() {
    let count = 200_001
    let numbers = Tensor(Array(0..<count))
    XCTAssertEqual(numbers.sum().item(), Double(count * (count - 1) / 2))
    XCTAssertEqual(numbers.cast(to: .float64).sum().item(), Double(count * (count - 1) / 2))
    XCTAssertEqual(numbers.max().item(), Double(count - 1))
    XCTAssertEqual((-numbers).min().item(), Double(1 - count))
    let isLast = numbers .== Tensor(count - 1)
    XCTAssertEqual(isLast.any().item(), 1)
    XCTAssertEqual(isLast.logicalNot().all().item(), 0)
    XCTAssertEqual((numbers .>= Tensor(0)).all().item(), 1)
    let halves = Tensor.ones([count], dtype: .float16) * 0.25
    XCTAssertEqual(halves.sum().item(), 50_016, "50 000.25 in steps of 32")
    let signs = which(isLast, Tensor(-3.0), Tensor(1.0))
    XCTAssertEqual(signs.product().item(), -3)
    XCTAssertTrue(which(isLast, Tensor(Double.nan), Tensor(1.0)).max().item().isNaN)
  }

  /// Pieces of rows and a rest that is none.
  func testFoldsOfManyRowsSeeAllOfThem() {
    let (rows, width) = (5003, 24)
    let numbers = Tensor(Array(0..<rows * width)).reshaped([rows, width])
    let columns = Tensor(Array(0..<width))
    let sums = columns * rows + width * rows * (rows - 1) / 2
    for dtype in [DType.int64, .float64] {
      let x = numbers.cast(to: dtype)
      let cut = x.reshaped([rows, 4, 6])
      XCTAssertTrue(x.sum(axis: 0).isIdentical(to: sums.cast(to: dtype)), "\(dtype)")
      XCTAssertTrue(x.max(axis: 0).isIdentical(to: x[rows - 1]), "\(dtype)")
      XCTAssertTrue((-x).min(axis: 0).isIdentical(to: -x[rows - 1]), "\(dtype)")
      XCTAssertTrue(cut.sum(axis: 0).reshaped([width]).isIdentical(to: x.sum(axis: 0)), "\(dtype)")
    }
    let isLast = numbers .== Tensor(rows * width - 1)
    let isLastColumn = columns .== Tensor(width - 1)
    XCTAssertTrue(isLast.any(axes: [0]).isIdentical(to: isLastColumn))
    XCTAssertTrue(isLast.logicalNot().all(axes: [0]).isIdentical(to: isLastColumn.logicalNot()))
    let halves = Tensor.ones([rows, width], dtype: .float16) * 0.25
    XCTAssertEqual(halves.sum(axis: 0)[3].item(), 1251, "1250.75 in steps of 1")
    let holed = which(isLast, Tensor(Double.nan), Tensor(1.0)).max(axis: 0)
    XCTAssertTrue(holed[width - 1].item().isNaN)
    XCTAssertEqual(holed[0].item(), 1)
  }

  func testKernelsOnLargeInputs() {
    let x = noise([300, 1001])
    assertSameBits("pointwise") { [x.gelu(), x.exp() * x.transposed().transposed() + 1] }
    assertSameBits("folds") {
      [x.sum(), x.sum(axis: 0), x.sum(axis: 1), x.max(axis: 0), x.variance(), x.argmax()]
    }
    let tall = noise([4000, 40])
    assertSameBits("folds of rows") { [tall.sum(axis: 0), tall.max(axis: 0), tall.mean(axis: 0)] }
    assertSameBits("rows") { [x.softmax(), x.cumulativeSum(axis: 1), x.argsort(axis: 1)] }
    assertSameBits("products") {
      [
        x.transposed().matmul(x), x.matmul(x.transposed()),
        x.cast(to: .bfloat16).matmul(x.transposed().cast(to: .bfloat16)),
      ]
    }
    assertSameBits("norm") { [Tensor(noise([1 << 18]).norm().item())] }
    assertSameBits("random") { [self.noise([1 << 17]), self.noise([1 << 16], .float64)] }
    let index = Tensor((0..<50_000).map { $0 * 7919 % 300 })
    assertSameBits("gather") {
      let rows = x.taking(index)
      return [
        rows,
        x.scatterAdd(
          axis: 0, index: index.reshaped([50_000, 1]).broadcast(to: [50_000, 1001]), source: rows),
      ]
    }
  }

  private func slopes(_ x: Tensor, _ function: (Tensor) -> Tensor) -> Tensor {
    let x = x.tracked()
    return function(x).pullback(x.detached(), to: [x])[0]
  }

  /// Halves of what is written past the caches are written through them.
  func testResultsLargerThanCachesAreThoseOfTheirHalves() {
    let (x, middle) = (noise([2100, 2100]), 1050)
    let (top, bottom) = (x[0..<middle], x[middle...])
    let weight = noise([2100])
    let functions: [(String, (Tensor) -> Tensor)] = [
      ("relu", { $0.relu() }), ("sum", { $0 + $0.abs() }), ("softmax", { $0.softmax() }),
      ("logSoftmax", { $0.logSoftmax() }), ("cast", { $0.cast(to: .bfloat16).cast(to: .float32) }),
      ("layerNorm", { $0.layerNorm([2100], weight: weight, bias: weight) }),
      ("slopes", { self.slopes($0) { $0.softmax() } }),
      ("slopes of a norm", { self.slopes($0) { $0.layerNorm([2100], weight: weight) } }),
    ]
    for (name, function) in functions {
      let halves = concatenate([function(top), function(bottom)])
      XCTAssertTrue(function(x).isIdentical(to: halves), name)
    }
    let turned = concatenate(
      [top.transposed().contiguous(), bottom.transposed().contiguous()], axis: 1)
    XCTAssertTrue(x.transposed().contiguous().isIdentical(to: turned))
  }

  func testConvolutionsAndTheirGradients() {
    let (x, w) = (noise([16, 8, 20, 20]).tracked(), noise([16, 8, 3, 3]).tracked())
    assertSameBits("conv2d") {
      let y = x.conv2d(w, padding: 1).maxPool2d(kernel: 2)
      return [y] + y.square().sum().gradients(for: [x, w])
    }
  }

  func testSeveralThreadsMayUseTheEngineAtOnce() async {
    let expected = noise([64, 64]).matmul(noise([64, 64])).softmax()
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<20).allSatisfy { _ in
            let x = RandomGenerator(seed: 7).normal([64, 64])
            return x.matmul(x).softmax().isIdentical(to: expected)
          }
        }
      }
      for await isSame in group { XCTAssertTrue(isSame) }
    }
  }
}
