internal import TrainingDiagnostics
internal import TrainingKit

/// A self-test of this machine.
enum MachineCheck {
  /// What the machine computes, and how fast.
  static func results() -> [CheckResult] { [processor, arithmetic, speed, memory] + accelerators }

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

  private static var arithmetic: CheckResult {
    let error = productError
    var result = CheckResult(
      name: "arithmetic",
      detail: "a product deviates by \(Format.significant(error, 2)) from float64")
    if let finding = finding(
      for: error,
      remedy:
        "compare with TRAININGKIT_ISA=baseline; if only one of them is wrong, it is the processor or a kernel"
    ) {
      result.findings.append(finding)
    }
    return result
  }

  /// How far a product of matrices is from the same in float64, where the scope computes.
  private static var productError: Double {
    let generator = RandomGenerator(seed: 1)
    let (a, b) = (generator.normal([129, 257]), generator.normal([257, 65]))
    let exact = a.cast(to: .float64).matmul(b.cast(to: .float64))
    return ((a.matmul(b).cast(to: .float64) - exact).abs().max() / exact.abs().max()).item()
  }

  private static func finding(for error: Double, remedy: String) -> Finding? {
    if error < 1e-5 { return nil }
    return Finding(
      Symptom(rawValue: "wrong_arithmetic"), cause: Cause(rawValue: "hardware"), severity: .fault,
      step: 0, confidence: 0.95, evidence: ["relative_error": error], remedy: remedy)
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

  /// The GPUs, and a product of matrices on each.
  private static var accelerators: [CheckResult] {
    if let reason = Device.cuda.unavailability {
      // What is missing, without where it could come from.
      let missing = reason.prefix { $0 != ":" }
      return [CheckResult(name: "GPU", detail: "none: \(missing)")]
    }
    return Device.all.dropFirst().map(accelerator)
  }

  private static func accelerator(_ device: Device) -> CheckResult {
    do {
      let error = try withDevice(device) { try validated { productError } }
      let memory = Format.significant(Double(device.memoryLimit) / 1e9)
      var result = CheckResult(
        name: "\(device)",
        detail:
          "\(device.name ?? "GPU"), \(device.instructionSet), \(memory) GB; a product deviates by "
          + "\(Format.significant(error, 2)) from float64")
      if let finding = finding(for: error, remedy: "compare with another GPU or driver") {
        result.findings.append(finding)
      }
      return result
    } catch {
      return CheckResult(
        name: "\(device)",
        findings: [
          Finding(
            Symptom(rawValue: "unusable_device"), cause: Cause(rawValue: "hardware"),
            severity: .warning, step: 0, confidence: 0.95, evidence: [:], remedy: "\(error)")
        ])
    }
  }

  /// The shortest of some runs, in seconds.
  private static func fastest(_ body: () -> Void) -> Double {
    (0..<5).map { _ in
      let time = ContinuousClock().measure(body).components
      return Double(time.seconds) + Double(time.attoseconds) * 1e-18
    }.min()!
  }
}
