// swift-tools-version: 6.2
import PackageDescription

// Benchmarks: a peer beside other libraries, and fits of memory beside every way to fit.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "training-bench-worker", targets: ["training-bench-worker"]),
    .executable(name: "fit-check", targets: ["fit-check"]),
  ],
  dependencies: [.package(name: "TrainingKit", path: "../..")],
  targets: [
    .executableTarget(
      name: "training-bench-worker",
      dependencies: [.product(name: "TrainingKit", package: "TrainingKit")]),
    .executableTarget(
      name: "fit-check",
      dependencies: [.product(name: "TrainingKit", package: "TrainingKit")]),
  ],
  swiftLanguageModes: [.v6]
)
