import FakeCUDA
import TestSupport
import TrainingKit
import XCTest

/// Products of matrices by cuBLASLt, which is strict in what it is told.
final class ProductTests: XCTestCase {
  private let matmul = "cublasLtMatmul"

  /// The product on a GPU, and how many were made by cuBLASLt.
  private func product(
    _ gpu: FakeGPU, _ a: Tensor, _ b: Tensor, _ change: @escaping (Tensor, Tensor) -> Tensor
  ) throws -> (values: [Double], products: Int) {
    let before = gpu.launches(matmul)
    let values = try gpu.run { change(a.to(.cuda(0)), b.to(.cuda(0))).elements(Double.self) }
    return (values, gpu.launches(matmul) - before)
  }

  private func judge(
    _ label: String, _ left: Shape, _ right: Shape, _ dtype: DType, products: Int = 1,
    _ change: @escaping (Tensor, Tensor) -> Tensor
  ) throws {
    let generator = RandomGenerator(seed: 3)
    let (a, b) = (generator.normal(left).cast(to: dtype), generator.normal(right).cast(to: dtype))
    let gpu = FakeGPU()
    let expected = change(a, b).elements(Double.self)
    let found = try product(gpu, a, b, change)
    XCTAssertEqual(found.products, products, "\(label), \(dtype)")
    let tolerance = dtype == .float64 ? 1e-12 : dtype == .float32 ? 1e-5 : 0.05
    for (got, expected) in zip(found.values, expected) {
      XCTAssertEqual(got, expected, accuracy: tolerance * (1 + abs(expected)), "\(label), \(dtype)")
    }
  }

  func testEveryLayout() throws {
    for dtype in [DType.float32, .float64, .float16, .bfloat16] {
      // One row, one column, a long sum, and what no tile fits.
      for (m, k, n) in [(5, 7, 3), (1, 9, 4), (6, 1, 5), (4, 80, 1), (33, 65, 17)] {
        let label = "\(m) × \(k) × \(n)"
        try judge("nn \(label)", [m, k], [k, n], dtype) { $0.matmul($1) }
        try judge("tn \(label)", [k, m], [k, n], dtype) { $0.transposed().matmul($1) }
        try judge("nt \(label)", [m, k], [n, k], dtype) { $0.matmul($1.transposed()) }
        try judge("tt \(label)", [k, m], [n, k], dtype) {
          $0.transposed().matmul($1.transposed())
        }
      }
    }
  }

  func testBatches() throws {
    for dtype in [DType.float32, .float64, .float16, .bfloat16] {
      try judge("batch", [3, 5, 7], [3, 7, 4], dtype) { $0.matmul($1) }
      try judge("turned", [3, 7, 5], [3, 4, 7], dtype) {
        $0.transposed(-1, -2).matmul($1.transposed(-1, -2))
      }
      try judge("a row", [2, 1, 7], [2, 7, 4], dtype) { $0.matmul($1) }
    }
  }

  /// Columns of a larger matrix: rows are further apart than they are long, and addresses are multiples of little.
  func testParts() throws {
    for dtype in [DType.float32, .bfloat16] {
      try judge("columns", [6, 9], [9, 8], dtype) { $0[.all, 1..<4].matmul($1[2..<5, 3..<8]) }
    }
  }

  /// Strides that cuBLASLt does not know are left to the library's own kernels.
  func testWhatItCannotReadIsDoneHere() throws {
    try judge("repeated", [1, 4], [4, 3], .float32, products: 0) {
      $0.broadcast(to: [5, 4]).matmul($1)
    }
    try judge("every other", [4, 12], [4, 3], .float32, products: 0) {
      $0.reshaped([4, 4, 3])[.all, .all, 1].matmul($1)
    }
  }

  func testWithoutTheLibraryKernelsAreOwn() throws {
    let gpu = FakeGPU(hasProducts: false)
    try gpu.run {
      XCTAssertEqual(Tensor.ones([2, 3]).matmul(.ones([3, 2])).elements(Int.self), [3, 3, 3, 3])
    }
    XCTAssertEqual(gpu.calls("cublasLtCreate"), 0)
    XCTAssertGreaterThan(gpu.launches(nil), 0)
  }

  /// As with a driver that is too old for it.
  func testALibraryThatCannotBeUsedIsLeftAlone() throws {
    let gpu = FakeGPU()
    fake_cuda_fail(gpu.machine, "cublasLtCreate", 1, 1)
    try gpu.run {
      XCTAssertEqual(Tensor.ones([2, 3]).matmul(.ones([3, 1])).elements(Int.self), [3, 3])
    }
    XCTAssertEqual(gpu.launches(matmul), 0)
  }

  /// What has no algorithm is done here; any other failure is an error.
  func testShapesWithoutAnAlgorithmAreDoneHere() throws {
    for (status, isError) in [(15, false), (14, true)] as [(Int32, Bool)] {
      let gpu = FakeGPU()
      fake_cuda_fail(gpu.machine, "cublasLtMatmulAlgoGetHeuristic", 1, status)
      try gpu.run {
        let call = {
          try validated { Tensor.ones([2, 3]).matmul(.ones([3, 1])).elements(Int.self) }
        }
        if isError {
          XCTAssertThrowsError(try call()) {
            XCTAssertTrue("\($0)".contains("cublasLtMatmulAlgoGetHeuristic"), "\($0)")
          }
        }
        XCTAssertEqual(try call(), [3, 3])
        XCTAssertEqual(gpu.launches(matmul), isError ? 1 : 0)
      }
    }
  }

  func testAShapeIsAskedForOnce() throws {
    let gpu = FakeGPU()
    try gpu.run {
      let (a, b) = (Tensor.ones([4, 70]), Tensor.ones([70, 4]))
      for _ in 0..<5 { XCTAssertEqual(a.matmul(b).sum().item(), 16 * 70) }
    }
    XCTAssertEqual(gpu.calls("cublasLtMatmulAlgoGetHeuristic"), 1)
    XCTAssertEqual(gpu.launches(matmul), 5)
    gpu.closeLibraries()
    XCTAssertEqual(gpu.alive.products, 0)
    XCTAssertEqual(gpu.alive.allocations, 0)
  }
}
