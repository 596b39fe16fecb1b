import Foundation
import XCTest

/// Not being in a catalog is a failing test.
final class CatalogTests: XCTestCase {
  private func text(in folder: String) throws -> String {
    try SourceFile.all(in: "Sources/TrainingKit/" + folder, ".swift").map(\.code).joined()
  }

  private func words(of path: String) throws -> Set<String> {
    let url = SourceFile.root.appendingPathComponent("Sources/TrainingKit/" + path)
    return SourceFile(path: path, text: try String(contentsOf: url, encoding: .utf8)).words
  }

  private func rows(of table: String) throws -> [String] {
    let url = SourceFile.root.appendingPathComponent("Sources/CTrainingKernels/Tables/" + table)
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").compactMap { line in
      let isRow = ["UNARY_", "BINARY_", "COMPARISON(", "REDUCTION(", "UPDATE("].contains {
        line.hasPrefix($0)
      }
      guard isRow, let open = line.firstIndex(of: "(") else { return nil }
      return line[line.index(after: open)...].split(separator: ",").first.map(String.init)
    }
  }

  func testEveryTableRowIsReachedFromSwift() throws {
    let tables = [
      ("Unary.h", "unary", "Operations"), ("Binary.h", "binary", "Operations"),
      ("Reduction.h", "reduction", "Operations"), ("Update.h", "update", "Optimizers"),
    ]
    for (table, family, folder) in tables {
      let rows = try rows(of: table)
      XCTAssertGreaterThan(rows.count, 4, table)
      let code = try text(in: folder)
      for row in rows {
        let isReached = code.range(of: "tk_\(family)_\(row)\\b", options: .regularExpression) != nil
        XCTAssertTrue(isReached, "\(table): \(row) has no method")
      }
    }
  }

  func testEveryOptimizerScheduleInitializerLayerAndLossIsInItsCatalog() throws {
    let optimizers = try SourceFile.all(in: "Sources/TrainingKit/Optimizers", ".swift")
      .flatMap { $0.declarations(conformingTo: "Optimizer") }
    XCTAssertGreaterThanOrEqual(optimizers.count, 4)
    let optimizerCatalog = try words(of: "Optimizers/OptimizerCatalog.swift")
    XCTAssertEqual(Set(optimizers).subtracting(optimizerCatalog), [])

    let layers = try SourceFile.all(in: "Sources/TrainingKit/Modules", ".swift").flatMap {
      $0.declarations(conformingTo: "Module") + $0.declarations(conformingTo: "FunctionLayer")
    }
    XCTAssertGreaterThan(layers.count, 25)
    let layerCatalog = try words(of: "Modules/LayerCatalog.swift")
    XCTAssertEqual(Set(layers).subtracting(layerCatalog), [])

    let schedules = try SourceFile.all(in: "Sources/TrainingKit/Schedulers", ".swift")
      .flatMap { $0.declarations(conformingTo: "ScheduleRule") }
    XCTAssertGreaterThan(schedules.count, 15)
    let scheduleCatalog = try words(of: "Schedulers/ScheduleCatalog.swift")
    XCTAssertEqual(Set(schedules).subtracting(scheduleCatalog), [])

    let losses = try names(after: "public func ", in: "Losses")
    XCTAssertGreaterThan(losses.count, 5)
    XCTAssertEqual(losses.subtracting(try words(of: "Losses/LossCatalog.swift")), [])
  }

  func testEveryAnalyzerIsInItsCatalog() throws {
    let files = try SourceFile.all(in: "Sources/TrainingDiagnostics", ".swift")
    let analyzers = files.flatMap { $0.declarations(conformingTo: "Analyzer") }
    XCTAssertGreaterThan(analyzers.count, 15)
    let catalog = files.first { $0.path.hasSuffix("AnalyzerCatalog.swift") }
    XCTAssertEqual(Set(analyzers).subtracting(catalog?.words ?? []), [])
  }

  func testEveryPreflightCheckIsInItsCatalog() throws {
    let files = try SourceFile.all(in: "Sources/TrainingDiagnostics", ".swift")
    let checks = files.flatMap { $0.declarations(conformingTo: "PreflightCheck") }
    XCTAssertGreaterThan(checks.count, 10)
    let catalog = files.first { $0.path.hasSuffix("PreflightCatalog.swift") }
    // It takes two data sets, which only the user has.
    XCTAssertEqual(Set(checks).subtracting(catalog?.words ?? []), ["ExamplesAreApart"])
  }

  func testEveryPublicOperationIsInTheCatalog() throws {
    let catalog = try SourceFile.all(in: "Sources/TrainingKit/Operations", ".swift")
      .filter { $0.path.contains("OperationCatalog") }.map(\.text).joined()
    // Rows of the tables are sampled by the catalog without being named.
    let rows = Set(try rows(of: "Unary.h") + rows(of: "Binary.h"))
    let notOperations: Set = [
      "elements", "item", "isIdentical", "isClose", "gradients", "gradient", "pullback",
      "checkGradients", "autocast", "zeros", "ones", "range", "linearSpace", "eye", "from", "init",
    ]
    let aliases = [
      "clamped": "clamp", "floorDivided": "floorDivide", "pow": "pow", "contiguous": "cast",
    ]
    for name in try names(after: "public func ", in: "Operations")
    where !notOperations.contains(name) {
      let known = aliases[name] ?? name
      XCTAssertTrue(
        rows.contains(known) || catalog.contains(known), "\(name) is not in the catalog")
    }
  }

  /// The names of the functions that a folder declares with these words.
  private func names(after words: String, in folder: String) throws -> Set<String> {
    let parts = try text(in: folder).components(separatedBy: words).dropFirst()
    return Set(
      parts.map { String($0.prefix { $0.isLetter || $0.isNumber }) }.filter { !$0.isEmpty })
  }
}
