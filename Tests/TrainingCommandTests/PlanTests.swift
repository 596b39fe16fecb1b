import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import XCTest

/// `training plan`.
final class PlanTests: XCTestCase {
  private struct Row: Decodable {
    let batchSize, peak: Int
    let precision, optimizerState: String
    let recompute: Bool
    let owners: [String: Int]
    let fits: Bool?
  }

  func testATableIsPlannedWithoutMemory() throws {
    let scratch = try Scratch(of: self)
    let run = try CommandRun(
      "plan", "--model",
      try scratch.file(
        "bert.json",
        "{\"type\": \"bert\", \"vocabulary\": 100, \"context\": 64, \"features\": 64, "
          + "\"heads\": 4, \"layers\": 4}"),
      "--batch-size", "1,8", "--budget", "4MB", "--threads", "2", "--json", scratch.path("t.json"),
      "--svg", scratch.path("t.svg"))
    XCTAssertEqual(run.status, 0, run.errors)
    XCTAssertEqual(run.output.split(separator: "\n").count, 10)
    XCTAssertTrue(run.output.hasPrefix("memory at the moment of its peak"), run.output)
    let rows = try JSONDecoder().decode(
      [Row].self, from: Data(contentsOf: URL(fileURLWithPath: scratch.path("t.json"))))
    XCTAssertEqual(rows.map(\.batchSize), [1, 1, 1, 1, 8, 8, 8, 8])
    for row in rows {
      XCTAssertEqual(row.owners.values.reduce(0, +), row.peak)
      XCTAssertEqual(row.fits, row.peak <= 4_000_000)
      // Parameters in float32, and twice as much for the moments of AdamW.
      let weights = Double(row.owners["weights"]!)
      XCTAssertEqual(Double(row.owners["optimizer"]!), 2 * weights, accuracy: 0.02 * weights)
    }
    XCTAssertGreaterThan(rows[4].peak, rows[5].peak)
    let picture = XMLParser(
      data: try Data(contentsOf: URL(fileURLWithPath: scratch.path("t.svg"))))
    XCTAssertTrue(picture.parse(), "\(String(describing: picture.parserError))")
  }

  func testAStateInBfloat16TakesHalfTheBytes() throws {
    let scratch = try Scratch(of: self)
    let run = try CommandRun(
      "plan", "--model",
      try scratch.file("mlp.json", "{\"type\": \"mlp\", \"sizes\": [64, 1024, 1024]}"),
      "--batch-size", "1", "--optimizer-state", "float32,bfloat16", "--precision", "float32",
      "--recompute", "no", "--json", scratch.path("t.json"))
    XCTAssertEqual(run.status, 0, run.errors)
    let rows = try JSONDecoder().decode(
      [Row].self, from: Data(contentsOf: URL(fileURLWithPath: scratch.path("t.json"))))
    XCTAssertEqual(rows.map(\.optimizerState), ["float32", "bfloat16"])
    XCTAssertEqual(2 * rows[1].owners["optimizer"]!, rows[0].owners["optimizer"]!)
  }

  func testAModelWithoutBlocksIsPlannedAsItIs() throws {
    let scratch = try Scratch(of: self)
    let model = try scratch.file("m.json", "{\"type\": \"mlp\", \"sizes\": [4, 4]}")
    let run = try CommandRun("plan", "--model", model, "--batch-size", "1")
    XCTAssertEqual(run.status, 0, run.errors)
    XCTAssertEqual(run.output.split(separator: "\n").count, 4)
    let asked = try CommandRun("plan", "--model", model, "--recompute", "yes")
    XCTAssertEqual(
      asked.errors, "training: --recompute: expected a model with blocks, got \(model)\n")
  }

  func testBadInputGetsOneLine() throws {
    let scratch = try Scratch(of: self)
    func refuse(_ words: [String], _ sentence: String, status: Int32 = 64) throws {
      let run = try CommandRun(["plan"] + words)
      XCTAssertEqual(run.status, status, run.errors)
      XCTAssertEqual(run.errors.split(separator: "\n").count, 1, run.errors)
      XCTAssertTrue(run.errors.contains(sentence), run.errors)
    }
    func file(_ text: String) throws -> [String] {
      ["--model", try scratch.file("model.json", text)]
    }
    try refuse(["--model", "gpt9"], "or a file, got gpt9")
    try refuse(["--batch-size", "1,x"], "expected a whole number above 0, got x")
    try refuse(
      ["--batch-size", "1000000", "--model", "gpt2-xl"],
      "expected a model and batches whose bytes can be counted, got too much at 1000000 examples")
    try refuse(
      ["--batch-size", "1000000"] + file("{\"type\": \"mlp\", \"sizes\": [1000000, 1000000]}"),
      "expected a model and batches whose bytes can be counted")
    try refuse(
      ["--length", "1"], "gpt2: causalLanguageModelLoss: expected sequences of at least two")
    try refuse(["--recompute", "maybe"], "expected yes or no, got maybe")
    try refuse(["--optimizer-state", "int8"], "expected float32 or bfloat16, got int8")
    try refuse(["--svg", "/nowhere/a.svg"], "cannot write /nowhere/a.svg", status: 73)
    try refuse(
      file("{"), "model.json: expected a model in JSON, got text that is none", status: 65)
    try refuse(file("{}"), "expected a model in JSON, got no \"type\"", status: 65)
    try refuse(
      file("{\"type\": \"mlp\", \"sizes\": [3, \"a\"]}"),
      "expected a model in JSON, got another kind of value for sizes.", status: 65)
    try refuse(
      file("{\"type\": \"mlp\", \"sizes\": [3, \(Int.max)]}"),
      "expected sizes of at most 1000000, got", status: 65)
    try refuse(
      file("{\"type\": \"cnn\"}"), "expected the type gpt, bert or mlp, got cnn", status: 65)
    try refuse(
      file("{\"type\": \"mlp\", \"sizes\": [3]}"), "expected two sizes or more", status: 65)
    try refuse(
      file("{\"type\": \"mlp\", \"sizes\": [3, 0]}"), "expected sizes of 1 or more, got 0",
      status: 65)
    try refuse(
      file("{\"type\": \"gpt\", \"features\": 10, \"heads\": 3}"),
      "expected heads that divide 10 features, got 3", status: 65)
    try refuse(
      file("{\"type\": \"gpt\", \"features\": 8, \"heads\": 2}"),
      "expected vocabulary of 1 or more, got none", status: 65)
  }
}
