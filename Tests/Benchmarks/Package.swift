// swift-tools-version: 6.2
import PackageDescription

// Benchmarks: a peer beside other libraries, fits of memory beside every way to fit, and the doctor beside
// published rules, on logs and on injected faults.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "training-bench-worker", targets: ["training-bench-worker"]),
    .executable(name: "fit-check", targets: ["fit-check"]),
    .executable(name: "evaluate-doctor", targets: ["evaluate-doctor"]),
    .executable(name: "doctor-cost", targets: ["doctor-cost"]),
    .executable(name: "inject-faults", targets: ["inject-faults"]),
  ],
  dependencies: [.package(name: "TrainingKit", path: "../..")],
  targets: [
    .executableTarget(
      name: "training-bench-worker",
      dependencies: [.product(name: "TrainingKit", package: "TrainingKit")]),
    .executableTarget(
      name: "fit-check",
      dependencies: [.product(name: "TrainingKit", package: "TrainingKit")]),
    .target(
      name: "PublishedRules",
      dependencies: [.product(name: "TrainingDiagnostics", package: "TrainingKit")]),
    .executableTarget(
      name: "doctor-cost",
      dependencies: [.product(name: "TrainingDiagnostics", package: "TrainingKit")]),
    .executableTarget(
      name: "evaluate-doctor",
      dependencies: [
        "PublishedRules", .product(name: "TrainingDiagnostics", package: "TrainingKit"),
      ]),
    .executableTarget(
      name: "inject-faults",
      dependencies: [
        "PublishedRules", .product(name: "TrainingDiagnostics", package: "TrainingKit"),
        .product(name: "TrainingKit", package: "TrainingKit"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
