/// Rows of contiguous elements as kernels cut them into packs, and the threads that work on one.
struct RowCut {
  let rows, width: Int
  /// Elements that a thread reads at once: 16 bytes of the largest type.
  let packLength: Int
  /// Whether rows begin and end on packs.
  let isAligned: Bool

  /// - Parameters:
  ///   - tensors: what has these rows.
  ///   - scales: what has one row for all of them.
  init(rows: Int, width: Int, _ tensors: [Tensor?], scales: [Tensor?] = []) {
    (self.rows, self.width) = (rows, width)
    let packLength = tensors.reduce(16) { min($0, 16 / ($1?.dtype.byteCount ?? 1)) }
    self.packLength = packLength
    isAligned =
      width % packLength == 0
      && (tensors + scales).allSatisfy { tensor in
        guard let tensor else { return true }
        return UInt(bitPattern: tensor.address) % UInt(packLength * tensor.dtype.byteCount) == 0
      }
  }

  /// The rows of a tensor along its last axis.
  init(_ tensors: Tensor...) {
    let (first, width) = (tensors[0], tensors[0].rank == 0 ? 1 : tensors[0].shape[-1])
    self.init(rows: width == 0 ? 0 : first.count / width, width: width, tensors)
  }

  /// Packs of a row, which may begin within one.
  private var packs: Int { (width + packLength - 1) / packLength + (isAligned ? 0 : 1) }

  /// Threads that hold a row in packs, or that read it more than once.
  var holding: RowTeam {
    let (ofWarp, ofBlock) = packLength == 8 ? (4, 2) : (8, 4)
    return switch packs {
    case ...8: RowTeam(lanes: 8, packs: 1, threads: 128)
    case ...64: RowTeam(lanes: 32, packs: 2, threads: 128)
    case ...(32 * ofWarp): RowTeam(lanes: 32, packs: ofWarp, threads: 128)
    case ...(RowTeam.most * ofBlock): RowTeam(packs: ofBlock, of: packs)
    default: RowTeam(lanes: 0, packs: 0, threads: RowTeam.most)
    }
  }

  /// Threads that read a row once and hold nothing of it.
  var passing: RowTeam {
    packs <= 256 ? RowTeam(lanes: 32, packs: 0, threads: 128) : RowTeam(packs: 4, of: packs)
  }

  /// Threads that keep sums of columns over many rows, where there are enough for a row.
  var summing: RowTeam? {
    let packs = (width + packLength - 1) / packLength
    switch packs {
    case ...8: return RowTeam(lanes: 8, packs: 1, threads: 256)
    case ...64: return RowTeam(lanes: 32, packs: 2, threads: 256)
    case ...(packLength == 8 ? 512 : 1024): return RowTeam(packs: 2, of: packs)
    default: return nil
    }
  }
}

/// The threads of a block that work on one row.
struct RowTeam {
  /// Threads of a warp, or 0 for all of the block.
  let lanes: Int
  /// What a thread holds of a row.
  let packs: Int
  let threads: Int

  /// The most threads of a block that works on one row.
  static let most = 512

  init(lanes: Int, packs: Int, threads: Int) {
    (self.lanes, self.packs, self.threads) = (lanes, packs, threads)
  }

  /// A block whose threads take so many of the packs of a row.
  init(packs: Int, of all: Int) {
    let warps = (all + 32 * packs - 1) / (32 * packs)
    self.init(lanes: 0, packs: packs, threads: min(RowTeam.most, 32 * warps))
  }

  /// One row a team.
  func grid(rows: Int) -> Grid {
    let teams = lanes == 0 ? 1 : threads / lanes
    return Grid(blocks: (rows + teams - 1) / teams, threads: threads)
  }
}
