internal import TrainingKit

/// What is known of the examples in an item.
struct ItemExamples<Model: Module, Item> {
  /// Which batch an item is; nil where nobody knows it.
  let identity: (Item) -> BatchIdentity?
  /// The examples with a value that is NaN or infinite, as far as an item shows its values.
  let nonFinite: (Item) -> [Int]

  /// Knows what items of the library tell, and beside that what the caller does.
  init(identity: ((Item) -> BatchIdentity?)?) {
    self.identity = identity ?? Self.ownIdentity
    nonFinite =
      if Item.self == Batch.self {
        { ($0 as! Batch).nonFiniteExamples }
      } else if Item.self == [Batch].self {
        { ($0 as! [Batch]).flatMap(\.nonFiniteExamples) }
      } else {
        { _ in [] }
      }
  }

  /// Types are compared once, so that a step costs no cast.
  private static var ownIdentity: (Item) -> BatchIdentity? {
    if Item.self == Batch.self { return { .examples(($0 as! Batch).indices) } }
    if Item.self == [Int].self { return { .examples($0 as! [Int]) } }
    guard Item.self == [Batch].self else { return { _ in nil } }
    return { item in
      let parts = item as! [Batch]
      return .examples(parts.count == 1 ? parts[0].indices : parts.flatMap(\.indices))
    }
  }

  /// The finding with the examples of an item: those that are given, or all of it.
  func naming(_ finding: Finding, _ item: Item, _ examples: [Int] = []) -> Finding {
    var finding = finding
    finding.examples = examples
    guard examples.isEmpty, let batch = identity(item) else { return finding }
    finding.examples = batch.examples
    if case .name(let name) = batch { finding.place = finding.place ?? "batch \(name)" }
    return finding
  }
}

extension Batch {
  /// The places of the examples whose inputs or labels are not all finite.
  fileprivate var nonFiniteExamples: [Int] {
    guard !(x.isAllFinite && y.isAllFinite) else { return [] }
    return indices.enumerated().filter { row, _ in
      !(x[row].isAllFinite && y[row].isAllFinite)
    }.map(\.element)
  }
}
