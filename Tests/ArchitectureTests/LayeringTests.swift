import Foundation
import XCTest

/// Who may know whom.
final class LayeringTests: XCTestCase {
  /// The folders of TrainingKit, lowest first: each may use only those before it.
  private static let layers = [
    "Tensor", "Device", "Autograd", "Operations", "Random", "Initializers", "Modules", "Losses",
    "Optimizers", "Schedulers", "Gradients", "Precision", "Averaging",
    "Data", "Checkpoints", "Run",
  ]

  func testEveryFolderIsALayer() throws {
    let folder = SourceFile.root.appendingPathComponent("Sources/TrainingKit").path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    XCTAssertEqual(Set(names), Set(Self.layers))
  }

  func testNoFolderMentionsATypeOfAHigherOne() throws {
    var layerOfType: [String: Int] = [:]
    var files: [(layer: Int, file: SourceFile)] = []
    for (position, layer) in Self.layers.enumerated() {
      for file in try SourceFile.all(in: "Sources/TrainingKit/" + layer, ".swift") {
        files.append((position, file))
        for type in file.declaredTypes { layerOfType[type] = position }
      }
    }
    XCTAssertGreaterThan(layerOfType.count, 50)
    for (position, file) in files {
      let high = file.words.filter { layerOfType[$0].map { $0 > position } ?? false }
      XCTAssertEqual(high, [], "\(file) of \(Self.layers[position]) looks up")
    }
  }

  func testAutogradKnowsNoConcreteOperation() throws {
    let operations = try SourceFile.all(in: "Sources/TrainingKit/Operations", ".swift")
      .flatMap { $0.declarations(conformingTo: "Operation") }
    XCTAssertGreaterThan(operations.count, 10)
    for file in try SourceFile.all(in: "Sources/TrainingKit/Autograd", ".swift") {
      XCTAssertEqual(file.words.intersection(operations), [], "\(file)")
    }
  }

  func testImportsFollowTheDesign() throws {
    let allowed: [String: Set<String>] = [
      "TrainingKit": [
        "CTrainingKernels", "CTrainingRuntime", "Synchronization", "Glibc", "Darwin",
      ],
      "TrainingDiagnostics": ["TrainingKit"],
      "TrainingCommand": [
        "TrainingKit", "TrainingDiagnostics", "CTrainingDigits", "Glibc", "Darwin",
        "FoundationEssentials", "Foundation",
      ],
    ]
    // JSON, for values in checkpoints.
    let json: Set = ["FoundationEssentials", "Foundation"]
    for (target, modules) in allowed {
      for file in try SourceFile.all(in: "Sources/" + target, ".swift") {
        let imports = file.lines.compactMap { line -> String? in
          let words = line.split(separator: " ")
          return words.dropLast().last == "import" ? String(words.last!) : nil
        }
        let more = file.folder == "Checkpoints" ? json : []
        XCTAssertEqual(Set(imports).subtracting(modules).subtracting(more), [], "\(file)")
      }
    }
  }

  func testOnlyDeviceAndOperationsSeeKernels() throws {
    let allowed: Set = ["Device", "Operations", "Random", "Optimizers"]
    for file in try SourceFile.all(in: "Sources/TrainingKit", ".swift")
    where file.text.contains("import CTrainingKernels") {
      XCTAssertTrue(allowed.contains(file.folder), "\(file) imports the kernels")
    }
  }
}

extension SourceFile {
  /// The folder right below the module.
  var folder: String { String(path.split(separator: "/")[2]) }

  private static let declaration =
    #"^(?:public |package |internal |fileprivate |private )?(?:final |indirect )?(?:struct|class|enum|protocol|typealias) (\w+)(?:<[^>]*>)?(?:: ([^{]*))?"#

  /// The types that the file declares at its top level.
  var declaredTypes: [String] { declarations.map(\.name) }

  func declarations(conformingTo name: String) -> [String] {
    declarations.filter { $0.conformances.contains(name) }.map(\.name)
  }

  private var declarations: [(name: String, conformances: [String])] {
    guard let pattern = try? NSRegularExpression(pattern: Self.declaration) else { return [] }
    return lines.map(String.init).compactMap { line in
      let whole = NSRange(line.startIndex..., in: line)
      guard let match = pattern.firstMatch(in: line, range: whole),
        let name = Range(match.range(at: 1), in: line)
      else { return nil }
      let list = Range(match.range(at: 2), in: line).map { line[$0] } ?? ""
      let conformances = list.split { $0 == "," || $0 == " " }.map(String.init)
      return (String(line[name]), conformances)
    }
  }
}
