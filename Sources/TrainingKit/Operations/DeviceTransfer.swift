extension Tensor {
  /// The same elements in the memory of a device; this tensor where they lie there.
  ///
  ///     let onGPU = x.to(.cuda(0))
  ///
  /// - Gradient: the same, brought back.
  /// - Errors: traps when the device cannot be used, or has no memory for it.
  public func to(_ device: Device) -> Tensor {
    guard !isHollow, self.device != device else { return self }
    let context = Context.current
    if context.backend.isPaper { return copied() }
    context.backend.willRead(self, for: "to")
    do throws(DeviceError) {
      return try context.computing(on: device.opened()) { () throws(DeviceError) in
        let transfer = DeviceTransfer(source: self.device)
        return transfer.recorded(copied(to: device), of: [self], in: context)
      }
    } catch {
      context.fail(error)
      return hollow
    }
  }

  private func copied(to device: Device) -> Tensor {
    let dense = onItsDevice { _ in detached().contiguous() }
    if dense.isHollow { return hollow }
    return Tensor.written("to", shape, dtype) { memory in
      guard self.device != .cpu else {
        return memory.copyMemory(from: dense.address, byteCount: dense.form.byteCount)
      }
      onItsDevice { _ in
        _ = Context.current.run("to") { (backend) throws(DeviceFault) in
          try backend.read(dense, into: memory)
        }
      }
    }
  }
}

/// Elements that were brought to another device.
private struct DeviceTransfer: Differentiable {
  let source: Device

  var name: String { "to" }
  var saves: Saved { [] }

  func backward(_ gradient: consuming Tensor, inputs: consuming Operands, output: Tensor) -> Slopes
  {
    [gradient.to(source)]
  }
}
