/// What this machine's kernels do in a second.
package struct MachineSpeed: Sendable {
  let products, wideProducts, bytes, calls: Double

  /// Measured once, in some milliseconds, on the processor wherever the caller is, and in memory of its own: whoever
  /// asks may be at the limit of the device's.
  package static let measured = Context.current.computing(on: CPUBackend(pool: MemoryPool())) {
    Context.current.autocasting(nil) { withoutGradients { MachineSpeed() } }
  }

  /// A machine of these speeds.
  package init(products: Double, wideProducts: Double, bytes: Double, calls: Double) {
    (self.products, self.wideProducts) = (products, wideProducts)
    (self.bytes, self.calls) = (bytes, calls)
  }

  private init() {
    func product(_ dtype: DType) -> Double {
      let x = Tensor.ones([256, 256], dtype: dtype)
      return 0x1p24 / Self.seconds { _ = x.matmul(x) }
    }
    let (large, small) = (Tensor.ones([1 << 18]), Tensor.ones([1]))
    (products, wideProducts) = (product(.float32), product(.float64))
    bytes = Double(3 << 20) / Self.seconds { _ = large + large }
    calls = 1 / Self.seconds { _ = small + small }
  }

  /// The time that work takes.
  package func seconds(for work: PaperWork) -> Double {
    Double(work.products) / products + Double(work.wideProducts) / wideProducts
      + Double(work.bytes) / bytes + Double(work.calls) / calls + updateSeconds(for: work)
  }

  /// The time that updates of parameters take of it.
  package func updateSeconds(for work: PaperWork) -> Double { Double(work.updateBytes) / bytes }

  /// The shortest of some runs.
  private static func seconds(_ body: () -> Void) -> Double {
    (0..<8).map { _ in
      let start = ContinuousClock.now
      body()
      let (seconds, attoseconds) = start.duration(to: .now).components
      return Double(seconds) + Double(attoseconds) * 1e-18
    }.min()!
  }
}
