internal import CTrainingRuntime

/// The functions of an open driver.
///
/// `@unchecked Sendable`: they are those of a library that stays open, and may be called from any thread.
struct CUDADriver: @unchecked Sendable {
  let calls: tk_cuda

  /// Throws what the driver says when a call did not succeed.
  func check(_ name: StaticString, _ status: Int32) throws(DeviceFault) {
    guard status != 0 else { return }
    throw .call("\(name)", words: words(of: status), isLost: isFatal(status))
  }

  /// Whether an error ends all use of the device: of a kernel that failed, or of the device itself.
  private func isFatal(_ status: Int32) -> Bool {
    (700...720).contains(status) && status != 701 && status != 704 && status != 705 || status == 46
      || status == 214
  }

  private func words(of status: Int32) -> String {
    var (name, words): (UnsafePointer<CChar>?, UnsafePointer<CChar>?)
    guard calls.cuGetErrorName(status, &name) == 0, calls.cuGetErrorString(status, &words) == 0,
      let name, let words
    else { return "error \(status)" }
    return "\(String(cString: name)): \(String(cString: words))"
  }
}
