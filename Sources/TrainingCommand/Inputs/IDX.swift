/// The format of MNIST: a magic number that names type and rank, the extents, then the elements; all big-endian.
struct IDX {
  let extents: [Int]
  let elements: ArraySlice<UInt8>

  /// Reads a file of bytes (type 8) with the given number of axes.
  init(_ bytes: [UInt8], rank: Int, name: String) throws(UsageError) {
    if bytes.starts(with: [0x1F, 0x8B]) {
      throw UsageError("\(name): expected an uncompressed file, got gzip; run gunzip on it first")
    }
    guard bytes.count >= 4 + 4 * rank, bytes.starts(with: [0, 0, 8, UInt8(rank)]) else {
      let magic = bytes.prefix(4).map { String($0, radix: 16) }.joined(separator: " ")
      throw UsageError("\(name): expected the bytes 0 0 8 \(rank) of an IDX file, got \(magic)")
    }
    let extents = (0..<rank).map { axis in
      bytes[(4 + 4 * axis)..<(8 + 4 * axis)].reduce(0) { $0 << 8 | Int($1) }
    }
    let elements = bytes[(4 + 4 * rank)...]
    let (count, overflow) = extents.reduce((1, false)) { product, extent in
      let next = product.0.multipliedReportingOverflow(by: extent)
      return (next.partialValue, product.1 || next.overflow)
    }
    guard !overflow, elements.count == count, count > 0 else {
      throw UsageError("\(name): expected elements for \(extents), got \(elements.count)")
    }
    self.extents = extents
    self.elements = elements
  }
}
