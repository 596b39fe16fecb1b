// swift-tools-version: 6.2
import PackageDescription

// Benchmarks: a peer beside other libraries. `Tests/Benchmarks/README.md` tells how to run it.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "training-bench-worker", targets: ["training-bench-worker"])],
  dependencies: [.package(name: "TrainingKit", path: "../..")],
  targets: [
    .executableTarget(
      name: "training-bench-worker",
      dependencies: [.product(name: "TrainingKit", package: "TrainingKit")])
  ],
  swiftLanguageModes: [.v6]
)
