/// Who gave a storage its memory and takes it back.
package protocol StorageOwner: AnyObject, Sendable {
  /// Takes back the memory that has this place in the owner's books.
  func reclaim(_ memory: UnsafeMutableRawPointer, slot: Int)
}

/// A block of memory that tensors share.
///
/// `@unchecked Sendable`: bytes are written only before the storage is first shared, or by an update or an
/// elementwise operation that `isKnownUniquelyReferenced` proved to be the sole owner; after that they are only read.
/// The places of a tape, which nobody outside of its step sees, are the exception.
package final class Storage: @unchecked Sendable {
  /// It changes only in the places of a ``KernelTape``, between replays, so that no access needs a check.
  @exclusivity(unchecked) package internal(set) var memory: UnsafeMutableRawPointer
  package let byteCount: Int
  package let owner: any StorageOwner
  package let slot: Int
  /// Whose memory it is: 0 for the processor's, n + 1 for that of GPU n, which the processor cannot read.
  package let deviceNumber: Int

  package init(
    memory: UnsafeMutableRawPointer, byteCount: Int, owner: any StorageOwner, slot: Int,
    deviceNumber: Int = 0
  ) {
    self.memory = memory
    self.byteCount = byteCount
    self.owner = owner
    self.slot = slot
    self.deviceNumber = deviceNumber
  }

  deinit { owner.reclaim(memory, slot: slot) }
}
