/// What memory is used for.
public enum MemoryOwner: Int, Sendable, Hashable, Codable, CaseIterable {
  /// Parameters and buffers.
  case weights
  /// The gradients of parameters, their sums over parts of a batch, and what clipping and smoothing make of them.
  case gradients
  /// What optimizers keep for each parameter, and compute on their way.
  case optimizer
  /// Averaged weights, and what averaging computes on its way.
  case average
  /// What the forward pass computes; most of it waits for the backward pass.
  case activations
  /// What the backward pass computes on its way, and the buffers of kernels.
  case workspace
  /// Weights in the 16 bits of an autocast.
  case casts
  /// Everything else, such as data.
  case user
}

extension MemoryOwner: CustomStringConvertible {
  /// The name of the case.
  public var description: String {
    switch self {
    case .weights: "weights"
    case .gradients: "gradients"
    case .optimizer: "optimizer"
    case .average: "average"
    case .activations: "activations"
    case .workspace: "workspace"
    case .casts: "casts"
    case .user: "user"
    }
  }
}

/// Bytes by what they are used for.
public struct MemoryBill: Sendable, Hashable {
  private var bytes = SIMD8<Int>()

  /// Creates a bill of nothing.
  public init() {}

  /// The bytes of one owner.
  public subscript(owner: MemoryOwner) -> Int {
    get { bytes[owner.rawValue] }
    set { bytes[owner.rawValue] = newValue }
  }

  /// The bytes of all owners.
  public var total: Int { bytes.wrappedSum() }

  /// What each owner has more in the first bill than in the second.
  public static func - (a: MemoryBill, b: MemoryBill) -> MemoryBill {
    var difference = a
    difference.bytes &-= b.bytes
    return difference
  }
}

extension MemoryBill: CustomStringConvertible {
  /// The owners that have anything, the largest first: `activations 1.2 GB, weights 44 MB`.
  public var description: String {
    MemoryOwner.allCases.filter { self[$0] != 0 }
      .sorted { abs(self[$0]) > abs(self[$1]) }
      .map { "\($0) \(ByteCount(self[$0]))" }
      .joined(separator: ", ")
  }
}

/// Bytes for people: three digits and a decimal unit.
package struct ByteCount: CustomStringConvertible {
  let bytes: Int

  package init(_ bytes: Int) { self.bytes = bytes }

  package var description: String {
    var (value, unit) = (Double(bytes.magnitude), 0)
    while value >= 999.5, unit < Self.units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return "\(bytes < 0 ? "-" : "")\(digits(of: value, isWhole: unit == 0)) \(Self.units[unit])"
  }

  private static let units = ["bytes", "kB", "MB", "GB", "TB", "PB"]

  private func digits(of value: Double, isWhole: Bool) -> String {
    if isWhole || value >= 99.95 { return "\(Int(value.rounded()))" }
    let scale = value >= 9.995 ? 10 : 100
    let digits = Int((value * Double(scale)).rounded())
    let fraction = String(digits % scale)
    return "\(digits / scale)."
      + String(repeating: "0", count: scale == 10 ? 0 : 2 - fraction.count)
      + fraction
  }
}
