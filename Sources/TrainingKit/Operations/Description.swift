extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, then the dtype; the middle of long axes is left out above
  /// 1,000 elements.
  ///
  ///     print(Tensor([[1.0, 2.5], [3.0, 4.0]]))
  ///     // tensor([[1.0, 2.5],
  ///     //         [3.0, 4.0]], float32)
  public var description: String {
    if isHollow { return "tensor(hollow, shape \(shape), \(dtype))" }
    if count == 0 { return "tensor([], shape \(shape), \(dtype))" }
    let isSummary = count > TensorText.limit
    let shown = isSummary ? detached().corners : detached()
    let text = TensorText(full: shape, shown: shown.shape, words: shown.words)
    return
      "tensor(\(text.brackets(axis: 0, from: 0)), \(isSummary ? "shape \(shape), " : "")\(dtype))"
  }

  /// The first and last elements of every long axis.
  private var corners: Tensor {
    let edge = TensorText.edge
    return (0..<rank).reduce(self) { result, axis in
      let extent = shape[axis]
      guard extent > 2 * edge else { return result }
      return concatenate(
        [
          result.slice(axis: axis, start: 0, count: edge),
          result.slice(axis: axis, start: extent - edge, count: edge),
        ], axis: axis)
    }
  }

  /// Every element as text, all of one width.
  private var words: [String] {
    let words: [String] =
      switch dtype {
      case .bool: elements(Bool.self).map { $0 ? "true" : "false" }
      case .int32, .int64, .uint8: elements(Int.self).map(String.init)
      default: RealFormat.words(for: elements(Double.self))
      }
    let width = words.reduce(0) { Swift.max($0, $1.count) }
    return words.map { String(repeating: " ", count: width - $0.count) + $0 }
  }
}

/// Words set in nested brackets.
private struct TensorText {
  /// More elements than this are summarised.
  static let limit = 1000
  /// How many elements of a long axis are shown at each end.
  static let edge = 3
  private static let columns = 80
  private static let margin = "tensor(".count

  let full, shown: Shape
  let words: [String]

  /// The part of the text that stands for the axes from `axis` on, its elements starting at
  /// `start`.
  func brackets(axis: Int, from start: Int) -> String {
    guard axis < shown.rank else { return words[start] }
    let step = shown[(axis + 1)...].reduce(1, *)
    var parts = (0..<shown[axis]).map { brackets(axis: axis + 1, from: start + $0 * step) }
    if shown[axis] < full[axis] { parts.insert("…", at: TensorText.edge) }
    let indent = String(repeating: " ", count: TensorText.margin + axis + 1)
    guard axis < shown.rank - 1 else { return "[\(wrapped(parts, indent))]" }
    let gap = String(repeating: "\n", count: shown.rank - 1 - axis)
    return "[\(parts.joined(separator: "," + gap + indent))]"
  }

  /// A row of words, broken into lines.
  private func wrapped(_ parts: [String], _ indent: String) -> String {
    let width = words[0].count + 2
    let perLine = max(1, (TensorText.columns - indent.count) / width)
    let lines = stride(from: 0, to: parts.count, by: perLine).map {
      parts[$0..<min($0 + perLine, parts.count)].joined(separator: ", ")
    }
    return lines.joined(separator: ",\n" + indent)
  }
}

/// How the real numbers of one tensor are written: all with as many decimals, or all with an
/// exponent.
private enum RealFormat {
  static func words(for values: [Double]) -> [String] {
    let sizes = values.filter { $0.isFinite && $0 != 0 }.map(\.magnitude)
    let smallest = sizes.min() ?? 1
    let largest = sizes.max() ?? 1
    let isWhole = sizes.allSatisfy { $0.rounded() == $0 }
    if largest >= 1e8 || smallest < 1e-4 || (!isWhole && largest / smallest > 1000) {
      return values.map(scientific)
    }
    let decimals = (1...4).first { decimals in sizes.allSatisfy { isExact($0, decimals) } } ?? 4
    return values.map { fixed($0, decimals: decimals) }
  }

  /// Whether so many decimals say as much as four.
  private static func isExact(_ value: Double, _ decimals: Int) -> Bool {
    let full = (value * 1e4).rounded()
    let scale = power(of: 4 - decimals)
    return (full / scale).rounded() * scale == full
  }

  private static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return special(value) }
    let scale = power(of: decimals)
    let digits = Int((value.magnitude * scale).rounded())
    let fraction = String(digits % Int(scale))
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(value.sign == .minus ? "-" : "")\(digits / Int(scale)).\(zeros)\(fraction)"
  }

  private static func scientific(_ value: Double) -> String {
    guard value.isFinite else { return special(value) }
    guard value != 0 else { return fixed(value, decimals: 4) + "e+00" }
    var mantissa = value.magnitude
    var exponent = 0
    while mantissa >= 9.99995 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 0.999995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let sign = exponent < 0 ? "-" : "+"
    let digits = String(exponent.magnitude)
    return fixed(value.sign == .minus ? -mantissa : mantissa, decimals: 4)
      + "e\(sign)\(digits.count < 2 ? "0" : "")\(digits)"
  }

  private static func special(_ value: Double) -> String {
    value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
  }

  private static func power(of exponent: Int) -> Double {
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }
}
