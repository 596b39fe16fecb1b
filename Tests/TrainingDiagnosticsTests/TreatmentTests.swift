import Foundation
import TrainingDiagnostics
import XCTest

/// What treatments say.
final class TreatmentTests: XCTestCase {
  private func treatment(_ remedy: String, rateBefore: Double?) throws -> Treatment {
    let before = rateBefore.map { "\"rateBefore\": \($0), " } ?? ""
    let trial = "\"steps\": 64, \"lossBefore\": 3"
    let text = """
      {\(before)"from": 40, "remedy": \(remedy), "finding": {"symptom": "explosion", "step": 48,
      "cause": "undetermined", "severity": "fault", "confidence": 1, "evidence": {}, "remedy": "none"},
      "control": {\(trial), "lossAfter": 9}, "trials": [{"remedy": \(remedy), \(trial), "lossAfter": 2}]}
      """
    return try JSONDecoder().decode(Treatment.self, from: Data(text.utf8))
  }

  func testFactorsOfTheLearningRateAreToldTogether() throws {
    let halved = "{\"learningRate\": {\"times\": 0.5}}"
    let first = try treatment(halved, rateBefore: 1)
    XCTAssertEqual(
      "\(first)",
      "explosion at step 48: back to step 40 and divide the learning rate by 2; loss 2 where it was 9"
    )
    let second = try treatment(halved, rateBefore: [first].rateFactor)
    XCTAssertEqual(
      "\(second)",
      "explosion at step 48: back to step 40 and divide the learning rate by 2 to 0.25 times the schedule's; "
        + "loss 2 where it was 9")
    XCTAssertEqual([first, second].rateFactor, 0.25)
    let skipping = "{\"skipping\": {\"step\": 48}}"
    XCTAssertFalse("\(try treatment(skipping, rateBefore: 0.25))".contains("times"))
    XCTAssertFalse("\(try treatment(halved, rateBefore: nil))".contains("times"))
  }
}
