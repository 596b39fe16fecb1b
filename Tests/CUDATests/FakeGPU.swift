import CTrainingRuntime
import FakeCUDA
import Foundation
import TrainingKit
import XCTest

/// A machine with GPUs that the emulator plays.
final class FakeGPU {
  let machine: OpaquePointer
  private var platform: CUDAPlatform?

  /// - Parameter hasProducts: whether cuBLASLt is there.
  init(hasProducts: Bool = true, _ change: (inout fake_cuda_settings) -> Void = { _ in }) {
    // What a fake compiler makes is of no use to anybody else.
    setenv("TRAININGKIT_KERNEL_CACHE", "", 1)
    var settings = fake_cuda_usual()
    change(&settings)
    let machine = fake_cuda_create(settings)!
    self.machine = machine
    platform = CUDAPlatform(
      libraries: CUDALibraries(
        driver: { library, _ in
          library.pointee = fake_cuda_driver(machine)
          return true
        },
        compiler: { library, _ in
          library.pointee = fake_cuda_compiler(machine)
          return true
        },
        products: { library, _ in
          library.pointee = fake_cuda_products(machine)
          return hasProducts
        }))
  }

  deinit {
    platform = nil
    fake_cuda_destroy(machine)
  }

  /// Lets go of all that a program holds of the GPU.
  func closeLibraries() { platform = nil }

  /// Runs `body` on a machine that has these GPUs.
  func installed<Result>(_ body: () throws -> Result) rethrows -> Result {
    try platform!.installed(body)
  }

  /// Runs `body` on the first GPU.
  func run<Result>(_ body: () throws -> Result) throws -> Result {
    try installed { try withDevice(.cuda(0), body) }
  }

  func calls(_ name: String) -> Int { Int(fake_cuda_calls(machine, name)) }
  func launches(_ kernel: String?) -> Int { Int(fake_cuda_launches(machine, kernel)) }
  var alive: fake_cuda_live { fake_cuda_alive(machine) }
}
