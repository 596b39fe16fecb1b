internal import CTrainingKernels

/// Axes that a kernel walks, joined where it walks neighbours as one.
struct JoinedAxes {
  private var rank = 0
  private var extents = Lanes(repeating: 1)
  private var strides = Lanes(repeating: 0)
  private(set) var count = 1

  init() {}

  init(extent: Int, stride: Int) { append(extent: extent, stride: stride) }

  mutating func append(extent: Int, stride: Int) {
    count *= extent
    guard extent != 1 else { return }
    if rank > 0, strides[rank - 1] == stride * extent {
      extents[rank - 1] *= extent
      strides[rank - 1] = stride
    } else {
      (extents[rank], strides[rank]) = (extent, stride)
      rank += 1
    }
  }

  /// How far neighbours on the last axis are from each other.
  var step: Int { rank == 0 ? 0 : abs(strides[rank - 1]) }

  /// Whether the last axis lies in whole packs of so many elements, apart from where it begins.
  func isPacked(by pack: Int) -> Bool {
    guard rank > 0, strides[rank - 1] == 1, extents[rank - 1] % pack == 0 else { return false }
    return (0..<(rank - 1)).allSatisfy { strides[$0] % pack == 0 }
  }

  /// Whether points lie a whole number of packs from each other.
  func steps(by pack: Int) -> Bool { (0..<rank).allSatisfy { strides[$0] % pack == 0 } }

  /// The axes as a kernel walks them that reads packs of the last.
  func kernel(pack: Int = 1) -> tk_cuda_axes {
    var (extents, strides) = (extents, strides)
    if pack > 1 { (extents[rank - 1], strides[rank - 1]) = (extents[rank - 1] / pack, pack) }
    return tk_cuda_axes(
      shape: extents.kernel, strides: strides.kernel, rank: Int32(max(1, rank)))
  }
}

/// A fold of some axes of an array, and how its work is cut: by sizes alone, so that the same bits come of it on every
/// device.
struct CUDAFold {
  let row: tk_reduction
  let dtype: DType
  let kept, reduced: JoinedAxes
  /// Whether results that are beside each other are folded side by side.
  let isAcross: Bool
  /// Elements that are read at once.
  let pack: Int
  let grid: Grid
  let arguments: tk_cuda_reduction

  /// Whether places are found.
  var finds: Bool { row == tk_reduction_argmax || row == tk_reduction_argmin }
  var pieces: Int { Int(arguments.pieces) }

  init(
    _ row: tk_reduction, _ data: UnsafeRawPointer, _ dtype: DType, kept: JoinedAxes,
    reduced: JoinedAxes
  ) {
    (self.row, self.dtype, self.kept, self.reduced) = (row, dtype, kept, reduced)
    isAcross = kept.count > 1 && (reduced.count == 1 || kept.step < reduced.step)
    let (read, other) = isAcross ? (kept, reduced) : (reduced, kept)
    let finds = row == tk_reduction_argmax || row == tk_reduction_argmin
    let isWide =
      data.isAligned(to: 16) && read.isPacked(by: dtype.pack) && other.steps(by: dtype.pack)
      && !(finds && isAcross)
    pack = isWide ? dtype.pack : 1
    var arguments = tk_cuda_reduction()
    arguments.x = data
    arguments.kept = kept.kernel(pack: isAcross ? pack : 1)
    arguments.reduced = reduced.kernel(pack: isAcross ? 1 : pack)
    let results = kept.count / (isAcross ? pack : 1)
    let points = reduced.count / (isAcross ? 1 : pack)
    (arguments.results, arguments.points) = (Int64(results), Int64(points))
    let (width, wanted) =
      isAcross
      ? Self.cutColumns(results: results, points: points)
      : Self.cutRows(results: results, points: points)
    let piece = points.pieces(of: max(1, wanted))
    let pieces = points == 0 ? 1 : points.pieces(of: piece)
    (arguments.piece, arguments.pieces) = (Int64(piece), Int64(pieces))
    arguments.width = Int32(width)
    grid =
      isAcross
      ? Grid(blocks: results.pieces(of: width) * pieces, threads: 256)
      : Grid(threadsFor: results * pieces * width)
    self.arguments = arguments
  }

  /// The threads of a result, and the pieces of its points: at most 8192 of them, so that sums stay exact, and fewer
  /// where there are few results.
  private static func cutRows(results: Int, points: Int) -> (width: Int, pieces: Int) {
    let width = points > 256 ? 256 : min(32, points.nextPowerOfTwo)
    guard points > 2048 else { return (width, 1) }
    return (width, max(points.pieces(of: 8192), min(points.pieces(of: 1024), 512 / results)))
  }

  /// The results that stand beside each other in a block, and the pieces of their points: at most 64 a thread, and
  /// fewer where there are few results.
  private static func cutColumns(results: Int, points: Int) -> (width: Int, pieces: Int) {
    let width = min(256 / min(8, points.pieces(of: 8).nextPowerOfTwo), results.nextPowerOfTwo)
    let (tiles, down) = (results.pieces(of: width), 256 / width)
    guard points > 16 * down else { return (width, 1) }
    return (
      width, max(points.pieces(of: 64 * down), min(points.pieces(of: 4 * down), 1024 / tiles))
    )
  }
}
