/// How kernels cut a product of matrices: squares of the result, and runs of what is summed up where squares alone are
/// too few for a device.
struct ProductTiles {
  /// The rows and columns of a square.
  let side: Int
  let threads: Int
  /// The bytes of shared memory of a block.
  let shared: Int
  private(set) var splits = 1
  /// The length of a run.
  private(set) var share: Int

  /// - Parameter canBeLarge: whether there is a kernel of squares of 128 for these operands.
  init(
    rows: Int, columns: Int, depth: Int, batch: Int, _ dtype: DType, canBeLarge: Bool = true,
    on device: CUDADevice
  ) {
    let isHalf = dtype == .float16 || dtype == .bfloat16
    func count(_ side: Int) -> Int { quotientUp(rows, side) * quotientUp(columns, side) * batch }
    let isLarge = canBeLarge && dtype != .float64 && count(128) >= device.multiprocessors
    side = isLarge ? 128 : 64
    threads = isHalf && !isLarge ? 128 : 256
    // Stages of both operands, as the kernels' loaders lay them out.
    shared = isHalf ? 3 * 2 * side * 40 * 2 : 2 * 2 * 16 * (side + 4) * dtype.byteCount
    share = depth
    let tiles = count(side)
    guard tiles > 0, tiles < device.multiprocessors, depth >= 512 else { return }
    let wished = min(2 * device.multiprocessors / tiles, depth / 256)
    share = quotientUp(quotientUp(depth, wished), 32) * 32
    splits = quotientUp(depth, share)
  }

  /// The bytes of the sums of all runs, of `count` numbers each; there are none where there is one run.
  func partBytes(_ count: Int, _ dtype: DType) -> Int {
    splits == 1 ? 0 : splits * count * (dtype == .float64 ? 8 : 4)
  }
}

/// The quotient, rounded up.
func quotientUp(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }

extension Grid {
  /// Blocks whose threads go over `count` elements, a few each.
  init(over count: Int) {
    self.init(blocks: max(1, min(quotientUp(count, 256), 4096)), threads: 256)
  }
}
