/// Something that was written and can be taken back, and put in place again.
package protocol Undoable: AnyObject {
  func undo()
  func redo()
}

/// The modules whose calls keep no intermediate values.
package struct RecomputedModules {
  package let identities: Set<ObjectIdentifier>
  package let isVerified: Bool

  package init(_ identities: Set<ObjectIdentifier>, isVerified: Bool) {
    (self.identities, self.isVerified) = (identities, isVerified)
  }
}
