import Foundation
import TrainingDiagnostics
import TrainingKit
import XCTest

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The page and the pictures of runs that were looked into and treated.
final class WatchedPageTests: XCTestCase {
  private func page(_ runs: ReportedRun...) -> String {
    HTMLReport(title: "Watched", runs: runs).html
  }

  /// The plots that a page hands to its script.
  private func plots(in page: String) throws -> [[String: Any]] {
    let json = page.components(separatedBy: "id=\"report-data\">")[1]
      .components(separatedBy: "</script>")[0]
    let runs = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
    return try XCTUnwrap(runs?.first?["plots"] as? [[String: Any]])
  }

  private func plot(_ kind: String, in page: String) throws -> [String: Any] {
    try XCTUnwrap(try plots(in: page).first { $0["kind"] as? String == kind })
  }

  private func values(_ place: Int, of list: String, in plot: [String: Any]) throws -> [Any] {
    let rows = try XCTUnwrap(plot[list] as? [[String: Any]])
    return try XCTUnwrap(rows[place]["values"] as? [Any])
  }

  private func run(_ name: String, _ steps: [StepRecord]) -> ReportedRun {
    var record = RunRecord()
    steps.forEach { record.append($0) }
    return ReportedRun(name: name, record: record)
  }

  private func step(_ step: Int, _ details: StepDetails) -> StepRecord {
    StepRecord(step: step, loss: 1, details: details)
  }

  private func parameter(_ path: String, rank: Int = 2, gradient: Double? = 1)
    -> ParameterDetails
  {
    ParameterDetails(
      path: path, count: 64, rank: rank, gradientRMS: gradient, weightRMS: 0.5, weightLargest: 1,
      updateRMS: 1e-3)
  }

  /// Leaves a page where the check in a browser finds it.
  private func leave(_ page: String, as name: String) throws {
    try leave(page, in: "\(name).html")
  }

  private func leave(_ text: String, in file: String) throws {
    guard let folder = ProcessInfo.processInfo.environment["TRAININGKIT_PAGES"] else { return }
    try text.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
  }

  /// A run that explodes, and is treated.
  private func treated() throws -> ReportedRun {
    let ward = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: 30)
    var care = Care.treating
    care.examinationInterval = 10
    var watched = WatchedRun(ward.run, care: care, Ward.loss)
    for item in ward.items(300) { _ = try watched.step(item) }
    return ReportedRun(name: "treated", watched: watched)
  }

  func testAPageOfATreatedRun() throws {
    let run = try treated()
    let treatment = try XCTUnwrap(run.treatments.first)
    let page = page(run)
    try leave(page, as: "treated")
    for plot in Self.inside {
      try leave(XCTUnwrap(picture(plot, of: run)), in: "treated-\(plot.name).svg")
    }
    XCTAssertTrue(page.contains("id=\"run-1-treatment-1\""))
    XCTAssertTrue(
      page.contains("back from step \(treatment.finding.step) to step \(treatment.from)"))
    XCTAssertEqual(
      page.components(separatedBy: "<tr class=\"chosen\">").count, run.treatments.count + 1)
    XCTAssertTrue(page.contains("<th scope=\"row\">as it was</th>"))
    let trials = run.treatments.reduce(0) { $0 + 1 + $1.trials.count }
    let table = page.components(separatedBy: "class=\"trials\"").dropFirst()
      .map {
        $0.components(separatedBy: "</table>")[0].components(separatedBy: "<th scope=\"row\"").count
          - 1
      }
    XCTAssertEqual(table.reduce(0, +), trials)
    let steps = run.record.steps.filter { $0.details != nil }
    let heat = try plot("heat", in: page)
    XCTAssertEqual(heat["steps"] as? [Int], steps.map(\.step))
    let paths = try XCTUnwrap(heat["rows"] as? [[String: Any]]).compactMap {
      $0["label"] as? String
    }
    XCTAssertEqual(paths, ["0.weight", "2.weight", "4.weight", "0.bias", "2.bias", "4.bias"])
    XCTAssertEqual(heat["matrices"] as? Int, 3)
    XCTAssertEqual(try XCTUnwrap(try plot("ratios", in: page)["series"] as? [Any]).count, 3)
    XCTAssertNotNil(try plot("memory", in: page)["peaks"])
    XCTAssertTrue(page.contains("<bdi>1</bdi> <em>relu</em>"))
    XCTAssertEqual(
      page.components(separatedBy: "<figure class=").count - 1, try plots(in: page).count,
      "a figure for each plot")
  }

  func testARunThatNobodyLookedIntoHasNoInside() throws {
    let page = page(run("plain", (0..<50).map { StepRecord(step: $0, loss: 1) }))
    XCTAssertFalse(page.contains("class=\"interior\"") || page.contains("class=\"trials\""))
    XCTAssertEqual(try plots(in: page).count, 1)
    // Each part is there only where it has something to show.
    let parts = [
      StepDetails(parameters: [parameter("a", rank: 1)]): ["gradients"],
      StepDetails(parameters: [parameter("a")]): ["gradients", "update-ratios"],
      StepDetails(memory: MemoryDetails(live: 5, peak: 9)): ["memory"],
      StepDetails(activations: [ActivationDetails(path: "a", rms: 1, largest: 2)]): [],
    ]
    for (details, names) in parts {
      let page = self.page(run("part", [step(1, details)]))
      for name in ["gradients", "update-ratios", "memory"] {
        XCTAssertEqual(page.contains("chart\" data-plot=\"\(name)\""), names.contains(name), name)
      }
      XCTAssertEqual(page.contains("class=\"panel health\""), !details.activations.isEmpty)
      XCTAssertEqual(try plots(in: page).count, 1 + names.count)
    }
    XCTAssertFalse(self.page(run("empty", [step(1, StepDetails())])).contains("class=\"interior\""))
  }

  func testCellsTellWhatIsMissingFromWhatIsZeroOrNotFinite() throws {
    var lost = parameter("a", gradient: nil)
    lost.gradientNonFiniteCount = 3
    let looks = [parameter("a", gradient: 0.25), parameter("a", gradient: 0), lost]
    let page = page(
      run(
        "cells",
        looks.enumerated().map { step($0, StepDetails(parameters: [$1])) }
          + [step(3, StepDetails(parameters: [parameter("b")]))]))
    let cells = try values(0, of: "rows", in: plot("heat", in: page))
    XCTAssertEqual(cells[0] as? Double, 0.25)
    XCTAssertEqual(cells[1] as? Double, 0)
    XCTAssertEqual(cells[2] as? String, "NaN")
    XCTAssertTrue(cells[3] is NSNull)
    XCTAssertTrue(page.contains("2 parameters at 4 steps, from 0.25 to 1; 1 not finite"), page)
    let ratios = try values(1, of: "series", in: plot("ratios", in: page))
    XCTAssertTrue(ratios[0] is NSNull)
    XCTAssertEqual(ratios[3] as? Double, 0.002)
  }

  func testSickActivationsAreMarked() {
    let seen = [
      ActivationDetails(path: "fine", rms: 1, largest: 3, zeroShare: 0.5),
      ActivationDetails(path: "dead", operation: "relu", rms: 1, largest: 3, deadShare: 0.8),
      ActivationDetails(path: "full", operation: "tanh", rms: 1, largest: 1, saturatedShare: 0.9),
      ActivationDetails(path: "lost", rms: nil, largest: 1e30, nonFiniteCount: 4),
      ActivationDetails(path: "gone", rms: 0, largest: 0, zeroShare: 1),
      ActivationDetails(
        path: "keen", operation: "attention", rms: 1, largest: 1, largestScore: 99,
        attentionEntropy: 0.05),
    ]
    let page = page(
      run("sick", (0..<3).map { step($0, StepDetails(activations: seen)) }))
    XCTAssertEqual(page.components(separatedBy: "<tr class=\"sick\">").count - 1, 5)
    for text in [
      "<tr><th scope=\"row\"><bdi>fine</bdi></th>", "Most units are 0 for the whole batch",
      "Most values are at the ends of their range", "4 values are NaN or infinite; more than",
      "Nothing is left of the signal; nearly all values are 0",
      "<td data-label=\"dead\" class=\"ill\">80 %</td>", "at step 2",
      "<td data-label=\"entropy\">5 %</td>",
    ] {
      XCTAssertTrue(page.contains(text), text)
    }
  }

  func testNamesCannotLeaveTheirPlace() throws {
    let name = "</script><b>\"&'<img src=x onerror=alert(1)>" + ReportTests.hostile
    let details = StepDetails(
      parameters: [parameter(name), parameter(name + "1", rank: 1, gradient: 0.1)],
      activations: [ActivationDetails(path: name, operation: name, rms: 1, largest: 2)],
      memory: MemoryDetails(live: 5, peak: 9, byOwner: [name: 5, name + "1": 3]))
    var record = RunRecord()
    for place in 0..<4 { record.append(step(place, details)) }
    let hostile = try treated().treatments.map { try renamed($0, name) }
    let run = ReportedRun(
      name: name, record: record, diagnosis: Doctor.diagnose(record.steps), treatments: hostile)
    let page = page(run)
    try leave(page, as: "hostile")
    XCTAssertEqual(page.components(separatedBy: "<script").count, 3)
    XCTAssertEqual(page.components(separatedBy: "</script>").count, 3)
    for text in ["<img", "<b>\"", "\u{0}", "\u{FFFF}", "\"'>"] {
      XCTAssertFalse(page.contains(text), text.debugDescription)
    }
    for (kind, list) in [("heat", "rows"), ("ratios", "series"), ("memory", "series")] {
      let rows = try XCTUnwrap(try plot(kind, in: page)[list] as? [[String: Any]])
      XCTAssertEqual(rows.first?["label"] as? String, name)
    }
  }

  /// A treatment of something in a place of that name.
  private func renamed(_ treatment: Treatment, _ name: String) throws -> Treatment {
    let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let data = try encoder.encode(treatment)
    var object = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
    var finding = try XCTUnwrap(object["finding"] as? [String: Any])
    for key in ["place", "symptom", "cause", "remedy"] { finding[key] = name }
    object["finding"] = finding
    return try decoder.decode(
      Treatment.self, from: JSONSerialization.data(withJSONObject: object))
  }

  /// A network of 12 blocks whose first layers fade, whose last one explodes, and one of which is not trained.
  private func large(steps: Int, blocks: Int) -> ReportedRun {
    var noise = Noise(seed: 5)
    let records = (0..<steps * 10).map { step -> StepRecord in
      let isSick = step > steps * 9
      let loss = (1 + 3 * exp(-Double(step) / 300)) * noise.factor(0.05) * (isSick ? 4 : 1)
      var record = StepRecord(
        step: step, loss: step == steps * 10 - 1 ? .nan : loss, gradientNorm: noise.factor(0.3),
        learningRate: 1e-3)
      guard step.isMultiple(of: 10) else { return record }
      record.details = details(
        step, share: Double(step) / Double(steps * 10), blocks, isSick, &noise)
      return record
    }
    return run("twelve blocks", records)
  }

  private func details(
    _ step: Int, share: Double, _ blocks: Int, _ isSick: Bool, _ noise: inout Noise
  ) -> StepDetails {
    var details = StepDetails()
    for block in 0..<blocks {
      let depth = Double(block) / Double(blocks)
      for layer in ["attention.query", "attention.value", "mlp.up", "mlp.down"] {
        for (kind, rank) in [("weight", 2), ("bias", 1)] {
          let level =
            exp(-8 * share * (1 - depth)) * noise.factor(0.3) * (isSick ? exp(9 * depth) : 1)
          var seen = parameter(
            "blocks.\(block).\(layer).\(kind)", rank: rank, gradient: 1e-2 * level)
          seen.updateRMS = 5e-4 * noise.factor(0.2) * (0.3 + depth) * exp(-3 * share)
          if block == 3, rank == 1 { seen.gradientRMS = 0 }
          if block == 5, layer == "mlp.up" { (seen.gradientRMS, seen.updateRMS) = (nil, nil) }
          if isSick, block == blocks - 1, share > 0.96 {
            (seen.gradientRMS, seen.gradientNonFiniteCount, seen.updateRMS) = (nil, 7, nil)
          }
          details.parameters.append(seen)
        }
      }
      let level = (0.5 + depth) * noise.factor(0.1) * (isSick ? exp(12 * depth) : 1)
      details.activations.append(
        ActivationDetails(path: "blocks.\(block)", rms: level, largest: 5 * level))
      details.activations.append(
        ActivationDetails(
          path: "blocks.\(block).mlp", operation: "relu", rms: level / 2, largest: 4 * level,
          zeroShare: 0.4 + 0.5 * depth, deadShare: block == 9 ? 0.4 + 0.3 * share : 0.01 * depth))
    }
    details.memory = MemoryDetails(
      live: 0, peak: 900 << 20,
      byOwner: [
        "weights": 120 << 20, "optimizer": step == 0 ? 0 : 240 << 20, "gradients": 0,
        "activations": Int(80 * noise.factor(0.2)) << 20, "user": 9 << 20,
      ])
    return details
  }

  func testALargeInsideStaysSmall() throws {
    let run = large(steps: 200, blocks: 12)
    let page = page(run)
    try leave(page, as: "large")
    let heat = try plot("heat", in: page)
    XCTAssertEqual((heat["rows"] as? [Any])?.count, 60)
    XCTAssertEqual((heat["steps"] as? [Any])?.count, 200)
    XCTAssertEqual(heat["matrices"] as? Int, 48)
    XCTAssertTrue(page.contains("60 of 96 parameters. "))
    print("page of 60 parameters at 200 steps:", page.utf8.count, "bytes")
    XCTAssertLessThan(page.utf8.count, 600_000)
    // What is sick is kept when there is too much.
    let longer = self.page(large(steps: 400, blocks: 40))
    let rows = try XCTUnwrap(try plot("heat", in: longer)["rows"] as? [[String: Any]])
    XCTAssertEqual(rows.count, 60)
    XCTAssertTrue(rows.contains { $0["label"] as? String == "blocks.39.mlp.down.weight" })
    XCTAssertEqual((try plot("heat", in: longer)["steps"] as? [Any])?.count, 200)
    XCTAssertLessThan(longer.utf8.count, 700_000)
  }

  private static let inside = [Plot.gradients, .updateRatios, .memory, .activations]

  /// A picture, which is one whatever the run was.
  private func picture(_ plot: Plot, of run: ReportedRun) throws -> String? {
    guard let picture = SVGPlot(plot, of: run)?.svg else { return nil }
    let parser = XMLParser(data: Data(picture.utf8))
    XCTAssertTrue(parser.parse(), "\(String(describing: parser.parserError)): \(picture)")
    let numbers = picture.components(separatedBy: " d=\"").dropFirst().compactMap {
      $0.components(separatedBy: "\"").first
    }
    XCTAssertFalse(numbers.contains { $0.contains("n") }, "NaN or infinite")
    return picture
  }

  func testTheInsideHasPictures() throws {
    let run = large(steps: 200, blocks: 12)
    for plot in Plot.all {
      guard let picture = try picture(plot, of: run) else { continue }
      try leave(picture, in: "large-\(plot.name).svg")
      XCTAssertTrue(picture.contains("<title>\(plot.title) of twelve blocks</title>"))
      XCTAssertEqual(picture.contains("<title>fault at step"), plot != .activations, plot.name)
      print("picture of \(plot.name):", picture.utf8.count, "bytes")
      XCTAssertLessThan(picture.utf8.count, 250_000)
    }
    let pictures = try Self.inside.map { try XCTUnwrap(picture($0, of: run), $0.name) }
    let words = [
      [
        "blocks.11.mlp.down.weight", "all zero", "no gradient", "NaN or infinite",
        " not finite</desc>",
      ],
      ["from the first matrix to the last", "<title>blocks.0.mlp.up.weight</title>", ">1e-4<"],
      ["optimizer 240 MiB", "<title>activations</title>", ">400 MiB<"],
      [">blocks.9.mlp relu<", "Most units are 0 for the whole batch", "at step 1990"],
    ]
    for (picture, words) in zip(pictures, words) {
      for word in words { XCTAssertTrue(picture.contains(word), word) }
    }
  }

  func testAPictureIsThereWhereItsPartOfThePageIs() throws {
    let parts = [
      StepDetails(): [],
      StepDetails(parameters: [parameter("a", rank: 1)]): [Plot.gradients],
      StepDetails(parameters: [parameter("a")]): [.gradients, .updateRatios],
      StepDetails(memory: MemoryDetails(live: 5, peak: 9)): [.memory],
      StepDetails(activations: [ActivationDetails(path: "a", rms: 1, largest: 2)]): [.activations],
    ]
    for (details, plots) in parts {
      let run = run("part", [step(1, details)])
      for plot in Self.inside {
        XCTAssertEqual(try picture(plot, of: run) != nil, plots.contains(plot), plot.name)
      }
    }
  }

  func testPicturesOfWhatIsOdd() throws {
    var lost = parameter("a", gradient: nil)
    lost.gradientNonFiniteCount = 3
    var far = parameter("b")
    (far.gradientRMS, far.updateRMS) = (.leastNonzeroMagnitude, 1e300)
    let seen = ActivationDetails(path: "", operation: ReportTests.hostile, rms: nil, largest: 1e300)
    let looks = [[lost], [far], [parameter("a", gradient: 0)], [parameter(ReportTests.hostile)]]
    let records = looks.enumerated().map { place, parameters in
      step(
        [9, 7, .max, .min][place],
        StepDetails(
          parameters: parameters, activations: [seen],
          memory: MemoryDetails(live: 0, peak: 0, byOwner: [ReportTests.hostile: 1 << 50])))
    }
    for run in [run("odd", records), run("one", [records[1]]), run("lost", [records[0]])] {
      for plot in Self.inside { _ = try picture(plot, of: run) }
    }
    let cells = try XCTUnwrap(try picture(.gradients, of: run("odd", records)))
    let crosses = cells.components(separatedBy: "class=\"cross\"")[1]
    XCTAssertEqual(crosses.components(separatedBy: "L").count, 3, "a cross in the one lost cell")
  }

  func testThePageAndThePictureHaveTheSameColours() throws {
    let run = large(steps: 20, blocks: 2)
    let page = page(run)
    let heat = try plot("heat", in: page)
    let low = try XCTUnwrap(heat["low"] as? Double)
    let picture = try XCTUnwrap(try picture(.gradients, of: run))
    let ends = picture.components(separatedBy: ">rms ")[1].components(separatedBy: "<")[0]
    let first = try XCTUnwrap(Double(ends.components(separatedBy: " ")[0]))
    XCTAssertEqual(log10(first), low, accuracy: 1e-3)
    let curves = try XCTUnwrap(try self.picture(.updateRatios, of: run))
    for color in ["#440154", "#2f5fd0", "#c76a12", "#c02636", "#86a8ff"] {
      XCTAssertTrue(page.contains(color) && (picture + curves).contains(color), color)
    }
  }
}
