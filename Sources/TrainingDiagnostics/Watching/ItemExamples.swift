internal import TrainingKit

/// What is known of the examples in an item.
struct ItemExamples<Model: Module, Item> {
  /// Which batch an item is; nil where nobody knows it.
  let identity: (Item) -> BatchIdentity?
  /// The examples with a value that is NaN or infinite, as far as an item shows its values.
  let nonFinite: (Item) -> [Int]
  /// The two halves of an item; nothing where it has none.
  let halves: (Item) -> [Item]
  /// The loss of each example; nil where nobody has told how.
  let losses: ((Model, Item) throws -> [Double])?

  /// Knows what items of the library tell, and beside that what the caller does.
  init(
    identity: ((Item) -> BatchIdentity?)?, losses: ((Model, Item) throws -> Tensor)?
  ) {
    self.identity = identity ?? Self.ownIdentity
    self.losses = losses.map { losses in { try losses($0, $1).byExample } }
    (nonFinite, halves) =
      if Item.self == Batch.self {
        (
          { ($0 as? Batch)?.nonFiniteExamples ?? [] },
          { (($0 as? Batch)?.halves ?? []).compactMap { $0 as? Item } }
        )
      } else {
        ({ _ in [] }, { _ in [] })
      }
  }

  /// The same of items in parts.
  init<Part>(
    ofParts identity: ((Item) -> BatchIdentity?)?, losses: ((Model, Part) throws -> Tensor)?
  ) where Item == [Part] {
    self.identity = identity ?? Self.ownIdentity
    self.losses = losses.map { losses in
      { model, parts in try parts.flatMap { try losses(model, $0).byExample } }
    }
    (nonFinite, halves) =
      if Part.self == Batch.self {
        (
          { $0.compactMap { $0 as? Batch }.flatMap(\.nonFiniteExamples) },
          { parts in
            let halves = parts.compactMap { $0 as? Batch }.map(\.halves)
            guard halves.allSatisfy({ $0.count == 2 }) else { return [] }
            return [0, 1].map { half in halves.compactMap { $0[half] as? Part } }
          }
        )
      } else {
        (
          { _ in [] },
          { parts in
            let middle = parts.count / 2
            return middle == 0 ? [] : [Array(parts[..<middle]), Array(parts[middle...])]
          }
        )
      }
  }

  /// Types are compared once, so that items of other types cost no cast.
  private static var ownIdentity: (Item) -> BatchIdentity? {
    if Item.self == Batch.self { return { ($0 as? Batch).map { .examples($0.indices) } } }
    if Item.self == [Int].self { return { ($0 as? [Int]).map { .examples($0) } } }
    guard Item.self == [Batch].self else { return { _ in nil } }
    return { item in
      (item as? [Batch]).map { parts in
        .examples(parts.count == 1 ? parts[0].indices : parts.flatMap(\.indices))
      }
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
  /// The two halves; nothing of a single example.
  fileprivate var halves: [Batch] { count < 2 ? [] : split(size: (count + 1) / 2) }

  /// The places of the examples whose inputs or labels are not all finite.
  fileprivate var nonFiniteExamples: [Int] {
    guard !(x.isAllFinite && y.isAllFinite) else { return [] }
    return indices.enumerated().filter { row, _ in
      !(x[row].isAllFinite && y[row].isAllFinite)
    }.map(\.element)
  }
}

extension Tensor {
  /// A loss of each row: the mean of what it has.
  fileprivate var byExample: [Double] {
    guard count > 0 else { return [] }
    let rows = reshaped([rank == 0 ? 1 : shape[0], -1]).cast(to: .float64)
    return rows.mean(axis: 1).elements(Double.self)
  }
}
