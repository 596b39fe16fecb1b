import DeviceChecks
import TrainingKit

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// `training-gpu-check`: compares all that a GPU computes with the processor, on a machine that has one.
@main
enum GPUCheck {
  static func main() {
    if let reason = Device.cuda.unavailability {
      print("no GPU: \(reason)")
      exit(1)
    }
    var (passed, failed) = (0, 0)
    for device in Device.all.dropFirst() {
      print(
        "\(device): \(device.name ?? ""), \(device.instructionSet), \(device.memoryLimit) bytes")
      for check in DeviceCheck.all {
        let problems = problems(of: check, on: device)
        if problems.isEmpty { passed += 1 } else { failed += 1 }
        for problem in problems.prefix(3) { print("  \(check.name): \(problem)") }
      }
    }
    print("\(passed) passed, \(failed) failed")
    if failed > 0 { exit(1) }
  }

  private static func problems(of check: DeviceCheck, on device: Device) -> [String] {
    do { return try check.problems(device) } catch { return ["\(error)"] }
  }
}
