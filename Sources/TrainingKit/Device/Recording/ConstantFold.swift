/// Which calls of a tape give the same in every replay, so that making them once is enough.
///
/// They read nothing else than what such calls make, and what they write is small, is written by no other calls, and is
/// complete before others read it.
struct ConstantFold {
  private(set) var calls: Set<Int> = []
  /// By the numbers of places.
  private(set) var isConstant: [Bool]
  /// Places that hold something else in every replay.
  private var isVarying: [Bool]

  private static let largestPlace = 1 << 12

  init(_ signatures: [KernelTape.Signature], _ places: [TapePlace]) {
    isConstant = []
    isVarying = places.map { $0.kind != .made || $0.byteCount > Self.largestPlace }
    // A place that turns out to vary may have others vary as well.
    while pass(over: signatures) {}
  }

  /// Folds what it can; true where a place was found to vary.
  private mutating func pass(over signatures: [KernelTape.Signature]) -> Bool {
    let before = isVarying
    calls = []
    isConstant = before.map { _ in false }
    /// Whether a call that is made in every replay has read or written it.
    var isUsed = isConstant
    for (position, signature) in signatures.enumerated() {
      let (reads, writes) = (signature.reads.map(\.place), signature.writes.map(\.place))
      let isFolded =
        signature.isFixed && !writes.isEmpty
        && writes.allSatisfy { $0 >= 0 && !isVarying[$0] }
        && reads.allSatisfy { $0 < 0 || isConstant[$0] }
      if isFolded { calls.insert(position) }
      for place in writes where place >= 0 {
        if isFolded { isConstant[place] = true }
        if isFolded ? isUsed[place] : isConstant[place] { isVarying[place] = true }
      }
      if isFolded { continue }
      for place in reads + writes where place >= 0 { isUsed[place] = true }
    }
    return isVarying != before
  }
}
