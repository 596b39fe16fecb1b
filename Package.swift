// swift-tools-version: 6.2
import PackageDescription

// C kernels are always optimized and the engine is optimized in debug builds too, so that a user's
// debug build trains at release speed. These are the only unsafe flags.
let kernelFlags: [CSetting] = [
  .unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math", "-Wno-c23-extensions"])
]
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]
let engineFlags: [SwiftSetting] =
  strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
  name: "TrainingKit",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "TrainingKit", targets: ["TrainingKit"]),
    .library(name: "TrainingDiagnostics", targets: ["TrainingDiagnostics"]),
    .executable(name: "training", targets: ["TrainingCommand"]),
  ],
  targets: [
    .target(
      name: "CTrainingKernels", exclude: ["CUDA"], cSettings: kernelFlags,
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .target(name: "CTrainingRuntime", cSettings: kernelFlags),
    .target(
      name: "CTrainingDigits", exclude: ["digits.csv"],
      cSettings: [.unsafeFlags(["-Wno-c23-extensions"])]),
    .target(
      name: "TrainingKit", dependencies: ["CTrainingKernels", "CTrainingRuntime"],
      swiftSettings: engineFlags),
    .target(name: "TrainingDiagnostics", dependencies: ["TrainingKit"], swiftSettings: engineFlags),
    .executableTarget(
      name: "TrainingCommand",
      dependencies: ["TrainingKit", "TrainingDiagnostics", "CTrainingDigits"],
      swiftSettings: strict),
    .target(name: "TestSupport", dependencies: ["TrainingKit"], path: "Tests/TestSupport"),
    .target(name: "DeviceChecks", dependencies: ["TrainingKit"], path: "Tests/DeviceChecks"),
    .executableTarget(
      name: "training-gpu-check", dependencies: ["TrainingKit", "DeviceChecks"],
      path: "Tests/GPUCheck", exclude: ["run"]),
    .target(
      name: "FakeCUDA", dependencies: ["CTrainingKernels", "CTrainingRuntime"],
      path: "Tests/FakeCUDA",
      cxxSettings: [
        .headerSearchPath("."),
        .headerSearchPath("../../Sources/CTrainingKernels"),
        .headerSearchPath("../../Sources/CTrainingKernels/CUDA"),
        // Modules of C++20 would hide those of C.
        .unsafeFlags(["-O2", "-fno-cxx-modules"]),
      ]),
    .testTarget(
      name: "TrainingKitTests",
      dependencies: ["TrainingKit", "TestSupport", "DeviceChecks", "CTrainingKernels"]),
    .testTarget(
      name: "TrainingDiagnosticsTests",
      dependencies: ["TrainingDiagnostics", "TrainingKit", "TestSupport"]),
    .testTarget(
      name: "CUDATests", dependencies: ["TrainingKit", "TestSupport", "DeviceChecks", "FakeCUDA"]),
    .testTarget(name: "TrainingCommandTests", dependencies: ["TrainingCommand", "TrainingKit"]),
    .testTarget(name: "ArchitectureTests"),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x,
  cxxLanguageStandard: .cxx20
)
