internal import TrainingDiagnostics
internal import TrainingKit

/// A self-test of this machine.
enum MachineCheck {
  /// What the machine computes, and how fast.
  static func results() -> [CheckResult] { [processor, arithmetic, speed, memory, accelerator] }

  private static var processor: CheckResult {
    let threads = Threads.count == 1 ? "1 thread" : "\(Threads.count) threads"
    return CheckResult(name: "processor", detail: "\(Device.cpu.instructionSet), \(threads)")
  }

  /// What tensors may take.
  private static var memory: CheckResult {
    let limit = Double(Device.cpu.memoryLimit)
    var result = CheckResult(
      name: "memory", detail: "\(Format.significant(limit / 1e9)) GB for tensors")
    if limit < 2e8 {
      result.findings.append(
        Finding(
          .outOfMemory, cause: .memoryPlan, severity: .warning, step: 0, confidence: 0.9,
          evidence: ["limit_megabytes": limit / 1e6],
          remedy: "end other programs, or raise the container's limit"))
    }
    return result
  }

  /// A product of matrices beside the same in float64.
  private static var arithmetic: CheckResult {
    let generator = RandomGenerator(seed: 1)
    let (a, b) = (generator.normal([129, 257]), generator.normal([257, 65]))
    let exact = a.cast(to: .float64).matmul(b.cast(to: .float64))
    let error = ((a.matmul(b).cast(to: .float64) - exact).abs().max() / exact.abs().max()).item()
    var result = CheckResult(
      name: "arithmetic",
      detail: "a product deviates by \(Format.significant(error, 2)) from float64")
    if !(error < 1e-5) {
      result.findings.append(
        Finding(
          Symptom(rawValue: "wrong_arithmetic"), cause: Cause(rawValue: "hardware"),
          severity: .fault, step: 0,
          confidence: 0.95, evidence: ["relative_error": error],
          remedy:
            "compare with TRAININGKIT_ISA=baseline; if only one of them is wrong, it is the processor or a kernel"
        ))
    }
    return result
  }

  private static var speed: CheckResult {
    let (x, wide) = (Tensor.ones([512, 512]), Tensor.ones([512, 512], dtype: .float64))
    let large = Tensor.ones([1 << 21])
    let products = 2 * 0x1p27 / fastest { _ = x.matmul(x) }
    let wideProducts = 2 * 0x1p27 / fastest { _ = wide.matmul(wide) }
    let bytes = Double(3 << 23) / fastest { _ = large + large }
    return CheckResult(
      name: "speed",
      detail: "\(Format.significant(products / 1e9)) GFLOP/s in products, in float64 "
        + "\(Format.significant(wideProducts / products, 2)) times that; "
        + "\(Format.significant(bytes / 1e9)) GB/s in sums")
  }

  private static var accelerator: CheckResult {
    CheckResult(name: "accelerator", detail: "none: this version computes on the processor only")
  }

  /// The shortest of some runs, in seconds.
  private static func fastest(_ body: () -> Void) -> Double {
    (0..<5).map { _ in
      let time = ContinuousClock().measure(body).components
      return Double(time.seconds) + Double(time.attoseconds) * 1e-18
    }.min()!
  }
}
