// swift-tools-version: 6.2
import PackageDescription

// A package as a user would write it; CI builds and runs it in debug.
let package = Package(
  name: "Consumer",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "TrainingKit", path: "../..")],
  targets: [
    .executableTarget(
      name: "Consumer",
      dependencies: [
        .product(name: "TrainingKit", package: "TrainingKit"),
        .product(name: "TrainingDiagnostics", package: "TrainingKit"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
