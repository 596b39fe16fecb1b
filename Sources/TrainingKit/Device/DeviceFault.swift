/// What keeps a kernel from running.
package enum DeviceFault: Error, Hashable {
  /// The pool had no block of this size.
  case noRoom(byteCount: Int)
  /// A call of the device's driver or compiler failed, how they put it, and whether the device is gone with it.
  case call(String, words: String, isLost: Bool)
  /// A mistake that a device found after the call that made it.
  case mistake(TensorError)
}

extension DeviceFault: CustomStringConvertible {
  /// The call and its words.
  package var description: String {
    switch self {
    case .noRoom(let byteCount): "no room for \(byteCount) bytes"
    case .call(let call, let words, _): "\(call): \(words)"
    case .mistake(let error): "\(error)"
    }
  }
}
