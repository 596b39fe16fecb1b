/// Who gave a storage its memory and takes it back.
package protocol StorageOwner: AnyObject, Sendable {
  /// Takes back the memory that has this place in the owner's books.
  func reclaim(_ memory: UnsafeMutableRawPointer, slot: Int)
}

/// A block of memory that tensors share.
///
/// `@unchecked Sendable`: bytes are written only before the storage is first shared, or by an update or an
/// elementwise operation that `isKnownUniquelyReferenced` proved to be the sole owner; after that they are only read.
package final class Storage: @unchecked Sendable {
  package let memory: UnsafeMutableRawPointer
  package let byteCount: Int
  package let owner: any StorageOwner
  package let slot: Int

  package init(
    memory: UnsafeMutableRawPointer, byteCount: Int, owner: any StorageOwner, slot: Int
  ) {
    self.memory = memory
    self.byteCount = byteCount
    self.owner = owner
    self.slot = slot
  }

  deinit { owner.reclaim(memory, slot: slot) }
}
