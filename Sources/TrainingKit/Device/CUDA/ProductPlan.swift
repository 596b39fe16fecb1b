internal import CTrainingKernels
internal import CTrainingRuntime

/// What tells a product from others that another algorithm may be better for.
struct ProductShape: Hashable {
  /// A matrix by columns, as cuBLASLt sees it.
  struct Matrix: Hashable {
    let rows, columns: Int64
    /// From one column to the next, and from one matrix of a batch to the next.
    let leading, stride: Int64
    let isTransposed: Bool
    /// What the address of the first element is a multiple of, 64 at most: as much as every block of the pool is, so
    /// that the choice does not hang on which block a tensor has.
    let alignment: Int
  }

  let first, second, result: Matrix
  let batch: Int64
  let input, output: tk_dtype

  /// Nil where strides are none that cuBLASLt knows.
  init?(_ gemm: tk_gemm) {
    // The transpose of C, by columns, lies as C does by rows.
    guard
      let first = Matrix(
        gemm.b, gemm.n, gemm.k, near: gemm.b_column, far: gemm.b_row, stride: gemm.b_batch),
      let second = Matrix(
        gemm.a, gemm.k, gemm.m, near: gemm.a_column, far: gemm.a_row, stride: gemm.a_batch),
      let result = Matrix(
        gemm.c, gemm.n, gemm.m, near: 1, far: gemm.c_row, stride: gemm.c_batch),
      gemm.k > 0, !result.isTransposed
    else { return nil }
    (self.first, self.second, self.result) = (first, second, result)
    (batch, input, output) = (gemm.batch, gemm.input, gemm.output)
  }
}

extension ProductShape.Matrix {
  /// - Parameters:
  ///   - near: from one row to the next.
  ///   - far: from one column to the next.
  fileprivate init?(
    _ memory: UnsafeRawPointer?, _ rows: Int64, _ columns: Int64, near: Int64, far: Int64,
    stride: Int64
  ) {
    let alignment = 1 << min(6, Int(bitPattern: memory).trailingZeroBitCount)
    // One row or one column has no distance to the next.
    if near == 1 || rows == 1, far >= rows || columns == 1 {
      self.init(
        rows: rows, columns: columns, leading: columns == 1 ? rows : far, stride: stride,
        isTransposed: false, alignment: alignment)
    } else if far == 1 || columns == 1, near >= columns || rows == 1 {
      self.init(
        rows: columns, columns: rows, leading: rows == 1 ? columns : near, stride: stride,
        isTransposed: true, alignment: alignment)
    } else {
      return nil
    }
  }
}

/// Numbers of cuBLASLt, as in `cublasLt.h`, `cublas_api.h` and `library_types.h` of 12.4.5.8 and of 13.0.2.14, where
/// they are the same.
private enum ProductNumber {
  static let (isInFloat32, isInFloat64): (Int32, Int32) = (68, 70)
  static let (float32, float64, float16, bfloat16): (Int32, Int32, Int32, Int32) = (0, 1, 2, 14)
  static let (isFirstTransposed, isSecondTransposed): (Int32, Int32) = (3, 4)
  static let (batchCount, batchStride): (Int32, Int32) = (5, 6)
  static let (mostWorkspace, reductionSchemes): (Int32, Int32) = (1, 3)
  static let (alignmentOfA, alignmentOfB, alignmentOfC, alignmentOfD):
    (Int32, Int32, Int32, Int32) =
      (5, 6, 7, 8)
  /// Parts of a sum are kept in the type of the arithmetic, and added up in a pass of its own.
  static let inArithmetic: UInt32 = 2
  static let notSupported: Int32 = 15

  static func type(_ dtype: tk_dtype) -> Int32 {
    switch dtype {
    case tk_float64: float64
    case tk_float16: float16
    case tk_bfloat16: bfloat16
    default: float32
    }
  }
}

/// How cuBLASLt makes products of a shape.
///
/// `@unchecked Sendable`: nothing changes after it was made, and what it points at is for the library alone.
final class ProductPlan: @unchecked Sendable {
  private let library: CUDAProductCalls
  private(set) var product, first, second, result: UnsafeMutableRawPointer?
  private(set) var algorithm: tk_cublaslt_algorithm
  private(set) var workspaceSize = 0

  /// Nil where there is no algorithm.
  init?(
    _ shape: ProductShape, _ library: CUDAProductCalls, _ handle: CUDAHandle,
    workspaceSize most: Int
  ) throws(DeviceFault) {
    self.library = library
    algorithm = tk_cublaslt_algorithm()
    let isWide = shape.input == tk_float64
    try library.check(
      "cublasLtMatmulDescCreate",
      library.calls.cublasLtMatmulDescCreate(
        &product, isWide ? ProductNumber.isInFloat64 : ProductNumber.isInFloat32,
        isWide ? ProductNumber.float64 : ProductNumber.float32))
    try set(ProductNumber.isFirstTransposed, Int32(shape.first.isTransposed ? 1 : 0))
    try set(ProductNumber.isSecondTransposed, Int32(shape.second.isTransposed ? 1 : 0))
    first = try layout(shape.first, shape.input, shape.batch)
    second = try layout(shape.second, shape.input, shape.batch)
    result = try layout(shape.result, shape.output, shape.batch)
    guard try choose(shape, handle, most) else { return nil }
  }

  deinit {
    for layout in [first, second, result] where layout != nil {
      _ = library.calls.cublasLtMatrixLayoutDestroy(layout)
    }
    if product != nil { _ = library.calls.cublasLtMatmulDescDestroy(product) }
  }

  private func set<Value: BitwiseCopyable>(_ attribute: Int32, _ value: Value) throws(DeviceFault) {
    var value = value
    try library.check(
      "cublasLtMatmulDescSetAttribute",
      library.calls.cublasLtMatmulDescSetAttribute(
        product, attribute, &value, MemoryLayout<Value>.size))
  }

  private func layout(
    _ matrix: ProductShape.Matrix, _ dtype: tk_dtype, _ batch: Int64
  ) throws(DeviceFault) -> UnsafeMutableRawPointer? {
    let calls = library.calls
    var layout: UnsafeMutableRawPointer?
    try library.check(
      "cublasLtMatrixLayoutCreate",
      calls.cublasLtMatrixLayoutCreate(
        &layout, ProductNumber.type(dtype), UInt64(matrix.rows), UInt64(matrix.columns),
        matrix.leading))
    if batch == 1 { return layout }
    var (count, stride) = (Int32(batch), matrix.stride)
    do throws(DeviceFault) {
      try library.check(
        "cublasLtMatrixLayoutSetAttribute",
        calls.cublasLtMatrixLayoutSetAttribute(layout, ProductNumber.batchCount, &count, 4))
      try library.check(
        "cublasLtMatrixLayoutSetAttribute",
        calls.cublasLtMatrixLayoutSetAttribute(layout, ProductNumber.batchStride, &stride, 8))
    } catch {
      _ = calls.cublasLtMatrixLayoutDestroy(layout)
      throw error
    }
    return layout
  }

  /// Takes the first algorithm that is proposed. Returns whether there is one.
  private func choose(
    _ shape: ProductShape, _ handle: CUDAHandle, _ most: Int
  ) throws(DeviceFault) -> Bool {
    let calls = library.calls
    var preference: UnsafeMutableRawPointer?
    try library.check(
      "cublasLtMatmulPreferenceCreate", calls.cublasLtMatmulPreferenceCreate(&preference))
    defer { _ = calls.cublasLtMatmulPreferenceDestroy(preference) }
    func prefer<Value: BitwiseCopyable>(_ attribute: Int32, _ value: Value) throws(DeviceFault) {
      var value = value
      try library.check(
        "cublasLtMatmulPreferenceSetAttribute",
        calls.cublasLtMatmulPreferenceSetAttribute(
          preference, attribute, &value, MemoryLayout<Value>.size))
    }
    try prefer(ProductNumber.mostWorkspace, UInt64(most))
    try prefer(ProductNumber.reductionSchemes, ProductNumber.inArithmetic)
    try prefer(ProductNumber.alignmentOfA, UInt32(shape.first.alignment))
    try prefer(ProductNumber.alignmentOfB, UInt32(shape.second.alignment))
    try prefer(ProductNumber.alignmentOfC, UInt32(shape.result.alignment))
    try prefer(ProductNumber.alignmentOfD, UInt32(shape.result.alignment))
    var (choice, count): (tk_cublaslt_choice, Int32) = (tk_cublaslt_choice(), 0)
    let status = calls.cublasLtMatmulAlgoGetHeuristic(
      handle.handle, product, first, second, result, result, preference, 1, &choice, &count)
    if status == ProductNumber.notSupported { return false }
    try library.check("cublasLtMatmulAlgoGetHeuristic", status)
    guard count > 0, choice.status == 0 else { return false }
    (algorithm, workspaceSize) = (choice.algorithm, choice.workspace)
    return true
  }
}
