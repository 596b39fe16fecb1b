import Foundation
import TrainingDiagnostics
import XCTest

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The page and the pictures of runs.
final class ReportTests: XCTestCase {
  /// A name that tries to leave wherever it is put.
  static let hostile =
    "a</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)> & \u{2028}\u{0}\u{FFFF} ünï 🙂"

  private func run(_ name: String, _ steps: [StepRecord]) -> ReportedRun {
    var record = RunRecord()
    steps.forEach { record.append($0) }
    return ReportedRun(name: name, record: record)
  }

  private func page(_ runs: ReportedRun...) -> String {
    HTMLReport(title: "Tonight", runs: runs).html
  }

  /// The numbers that a page hands to its script.
  private func data(in page: String) throws -> [[String: Any]] {
    let parts = page.components(separatedBy: "id=\"report-data\">")
    XCTAssertEqual(parts.count, 2)
    let json = try XCTUnwrap(parts[1].components(separatedBy: "</script>").first)
    return try XCTUnwrap(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
  }

  private func curves(in page: String) throws -> [[String: Any]] {
    try data(in: page).flatMap { $0["plots"] as? [[String: Any]] ?? [] }
      .flatMap { $0["series"] as? [[String: Any]] ?? [] }
  }

  private let full: [StepRecord] = (0..<300).map { step in
    StepRecord(
      step: step, loss: 2 + sin(Double(step)), gradientNorm: 1.5, learningRate: 1e-3,
      lossScale: 65_536, clipFactor: 0.7, trainLoss: step % 50 == 0 ? 2 : nil,
      validationLoss: step % 50 == 0 ? 2.5 : nil)
  }

  func testAPageHasEveryPlotAndTheFindings() throws {
    let page = page(run("BLOOM-176B", SickRuns.bloom), run("calm", full))
    for plot in Plot.all where !plot.quantities.isEmpty {
      XCTAssertTrue(page.contains("data-plot=\"\(plot.name)\""), plot.name)
    }
    XCTAssertTrue(page.contains("<h4>Explosion</h4>"))
    XCTAssertTrue(page.contains("id=\"run-1-finding-1\""))
    XCTAssertTrue(page.contains("<strong>Remedy</strong>"))
    XCTAssertTrue(page.contains("href=\"#run-2\""))
    XCTAssertFalse(self.page(run("calm", full)).contains("href=\"#run-"), "one run has no index")
    XCTAssertEqual(
      try curves(in: page).compactMap { $0["name"] as? String },
      [
        "loss", "gradient_norm", "loss", "train_loss", "validation_loss", "gradient_norm",
        "learning_rate", "loss_scale", "clip_factor",
      ])
  }

  func testAPageLoadsNothing() {
    let page = page(run("calm", full), run("BLOOM-176B", SickRuns.bloom))
    for word in ["http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttpRequest"] {
      XCTAssertFalse(page.contains(word), word)
    }
    XCTAssertTrue(page.contains("default-src 'none'"))
  }

  func testTheWorstComesFirst() throws {
    let overfitting = try XCTUnwrap(SickRuns.all.first { $0.analyzer == "overfitting" })
    let warned = run("warned", overfitting.run.steps)
    XCTAssertEqual(warned.diagnosis.severity, .warning)
    let page = page(run("calm", full), warned, run("BLOOM-176B", SickRuns.bloom), run("b", full))
    XCTAssertEqual(
      try data(in: page).compactMap { $0["name"] as? String },
      ["BLOOM-176B", "warned", "calm", "b"])
  }

  func testNamesAndTextsCannotLeaveTheirPlace() throws {
    let finding = Finding(
      Symptom(rawValue: Self.hostile), cause: Cause(rawValue: Self.hostile), severity: .fault,
      step: 3, confidence: 1, evidence: Evidence([(Self.hostile, 1)]), remedy: Self.hostile,
      nextTest: Self.hostile, place: Self.hostile, sources: [Self.hostile])
    let diagnosis = Doctor.diagnose(full, with: [Told(finding: finding)])
    XCTAssertEqual(diagnosis.findings.count, 1)
    var record = RunRecord()
    full.forEach { record.append($0) }
    let run = ReportedRun(name: Self.hostile, record: record, diagnosis: diagnosis)
    let page = HTMLReport(title: Self.hostile, runs: [run, run]).html
    XCTAssertEqual(page.components(separatedBy: "<script").count, 3)
    XCTAssertEqual(page.components(separatedBy: "</script>").count, 3)
    for text in ["<img", "\u{0}", "\u{FFFF}", "\"'>"] {
      XCTAssertFalse(page.contains(text), text.debugDescription)
    }
    let script = page.components(separatedBy: "id=\"report-data\">")[1]
    XCTAssertFalse(script.contains("\u{2028}"))
    XCTAssertTrue(page.contains("&lt;img src=x onerror=alert(2)&gt; &amp;"))
    XCTAssertEqual(try data(in: page)[0]["name"] as? String, Self.hostile)
    for plot in Plot.all where !plot.quantities.isEmpty {
      try assertWellFormed(XCTUnwrap(SVGPlot(plot, of: run)).svg)
    }
  }

  /// Says one thing at the end of a run.
  private struct Told: Analyzer {
    static let name = "told"
    let finding: Finding
    mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? { nil }
    mutating func conclude(_ history: RunHistory) -> Finding? { finding }
  }

  func testValuesThatAreNotFiniteAreKept() throws {
    let values = [1, 2, .nan, .infinity, -.infinity, 1e300, -1e300, .leastNonzeroMagnitude, 0]
    let page = page(run("odd", values.enumerated().map { StepRecord(step: $0, loss: $1) }))
    let curve = try XCTUnwrap(try curves(in: page).first)
    let texts = try XCTUnwrap(curve["values"] as? [Any]).map { "\($0)" }
    XCTAssertEqual(texts[2...4], ["NaN", "Infinity", "-Infinity"])
    XCTAssertEqual(texts.compactMap(Double.init)[5...], [1e300, -1e300, .leastNonzeroMagnitude, 0])
    XCTAssertTrue(page.contains("3 of 9 values not finite"))
    let picture = try XCTUnwrap(
      SVGPlot(
        .loss,
        of: run(
          "odd",
          [
            StepRecord(step: 0, loss: 1), StepRecord(step: 1, loss: .nan),
            StepRecord(step: 2, loss: 3),
          ]))
    ).svg
    XCTAssertEqual(picture.components(separatedBy: "class=\"fault\" stroke=\"none\"").count, 2)
    XCTAssertFalse(picture.contains("nan"))
  }

  func testRunsOfNoStepAndOfOne() throws {
    let page = page(run("none", []), run("nothing", [StepRecord(step: 1)]))
    XCTAssertTrue(page.contains("No numbers were recorded."))
    XCTAssertEqual(try curves(in: page).count, 0)
    XCTAssertEqual(try data(in: HTMLReport(title: "", runs: []).html).count, 0)
    XCTAssertNil(SVGPlot(.loss, of: run("none", [])))
    for loss in [2.5, 0, -3, .nan, .infinity, 1e308, .leastNonzeroMagnitude] {
      let run = run("one", [StepRecord(step: 7, loss: loss)])
      XCTAssertEqual(try curves(in: self.page(run)).count, 1)
      let picture = try XCTUnwrap(SVGPlot(.loss, of: run)).svg
      try assertWellFormed(picture)
      XCTAssertFalse(picture.contains("nan") || picture.contains("inf"), picture)
    }
  }

  func testALongRunStaysSmallAndKeepsItsSpikes() throws {
    let steps = (0..<100_000).map { step in
      StepRecord(
        step: step, loss: step == 43_217 ? 99 : 2 + sin(Double(step * step)), gradientNorm: 1.25)
    }
    var record = RunRecord(capacity: 1 << 17)
    steps.forEach { record.append($0) }
    let run = ReportedRun(name: "long", record: record)
    let clock = ContinuousClock()
    let start = clock.now
    let page = page(run)
    let picture = try XCTUnwrap(SVGPlot(.loss, of: run)).svg
    XCTAssertLessThan(clock.now - start, .seconds(20))
    XCTAssertLessThan(page.utf8.count, 500_000)
    XCTAssertLessThan(picture.utf8.count, 40_000)
    let curve = try XCTUnwrap(try curves(in: page).first)
    XCTAssertTrue(try XCTUnwrap(curve["steps"] as? [Int]).contains(43_217))
    XCTAssertTrue(try XCTUnwrap(curve["values"] as? [Double]).contains(99))
  }

  func testPicturesAreWellFormed() throws {
    for sick in SickRuns.all {
      let run = run(sick.run.name, sick.run.steps)
      for plot in Plot.all {
        guard let picture = SVGPlot(plot, of: run) else { continue }
        try assertWellFormed(picture.svg)
        XCTAssertFalse(picture.svg.contains("nan"), sick.run.name)
      }
    }
  }

  func testAPictureMarksTheFindings() throws {
    let picture = try XCTUnwrap(SVGPlot(.loss, of: run("BLOOM-176B", SickRuns.bloom))).svg
    XCTAssertTrue(picture.contains("<title>fault at step 31219: explosion</title>"), picture)
    XCTAssertTrue(picture.contains("lowest 2.199 at step 31214"))
  }

  func testASparklineFitsIntoALine() {
    XCTAssertEqual(Sparkline([0, 1, 2, 3, 4, 5, 6, 7]).text(), "▁▂▃▄▅▆▇█")
    XCTAssertEqual(Sparkline([0, 1, 2, 3, 4]).text(ascii: true), "_.-=^")
    XCTAssertEqual(Sparkline([1, .nan, 2, .infinity]).text(), "▁!█!")
    XCTAssertEqual(Sparkline([]).text(), "")
    XCTAssertEqual(
      Sparkline((0..<1000).map { $0 == 500 ? 9 : 1 }, columns: 10).text(), "▁▁▁▁▁█▁▁▁▁")
    XCTAssertEqual(Sparkline([1, 1000, 1e6]).text(), "▁▅█", "ratios, where they are wide")
    var record = RunRecord()
    for step in 0..<100 { record.append(StepRecord(step: step, loss: 1)) }
    for step in 1...9 { record.append(StepRecord(step: step * 1000, loss: Double(step))) }
    XCTAssertEqual(Sparkline(record, columns: 9).text(), "▁▁▂▃▄▅▅▆█", "by steps, not by rows")
  }

  private func assertWellFormed(
    _ picture: String, file: StaticString = #filePath, line: UInt = #line
  ) throws {
    let parser = XMLParser(data: Data(picture.utf8))
    XCTAssertTrue(
      parser.parse(), "\(String(describing: parser.parserError)): \(picture)", file: file,
      line: line)
  }
}
