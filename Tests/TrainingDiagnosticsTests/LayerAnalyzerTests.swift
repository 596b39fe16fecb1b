import TrainingDiagnostics
import TrainingKit
import XCTest

/// What the doctor sees inside real models: sick ones are found with cause and place, healthy ones are left alone.
final class LayerAnalyzerTests: XCTestCase {
  private static let seeds: [UInt64] = [1, 2]

  private func expectHealth(_ cases: some Sequence<LayerCase>, _ seeds: [UInt64] = seeds) throws {
    for each in cases {
      for seed in seeds {
        let diagnosis = try each.diagnosis(seed)
        XCTAssertTrue(diagnosis.isHealthy, "\(each.name), \(seed): \(diagnosis)")
      }
    }
  }

  private func expect(_ symptom: Symptom) throws {
    let cases = LayerCase.sick.filter { $0.1 == symptom }
    XCTAssertFalse(cases.isEmpty)
    for (each, symptom, cause, place) in cases {
      for seed in Self.seeds {
        let diagnosis = try each.diagnosis(seed)
        XCTAssertTrue(
          diagnosis.findings.contains { finding in
            finding.symptom == symptom && finding.cause == cause
              && (finding.place == place || place.map { finding.isAt($0) } ?? false)
          }, "\(each.name), \(seed): \(diagnosis)")
        // Gradients too small to move anything are no work of the optimizer.
        let isFrozen = diagnosis.findings.contains { $0.symptom == .frozenParameter }
        XCTAssertEqual(isFrozen, symptom == .frozenParameter, "\(each.name): \(diagnosis)")
      }
    }
  }

  func testHealthyChainsAreLeftAlone() throws { try expectHealth(LayerCase.chains) }
  func testHealthyResidualsAreLeftAlone() throws { try expectHealth(LayerCase.nets.prefix(2), [3]) }
  func testHealthyNetsAreLeftAlone() throws { try expectHealth(LayerCase.nets.dropFirst(2), [3]) }
  func testHealthyHalvesAreLeftAlone() throws { try expectHealth(LayerCase.halves) }

  func testDeadUnits() throws { try expect(.deadUnits) }
  func testSaturation() throws { try expect(.saturation) }
  func testVanishingGradients() throws { try expect(.vanishingGradients) }
  func testExplodingGradients() throws { try expect(.explodingGradients) }
  func testMissingGradients() throws { try expect(.noGradient) }
  func testUpdateRatio() throws { try expect(.updateRatio) }
  func testFrozenParameters() throws { try expect(.frozenParameter) }
  func testRounding() throws { try expect(.roundingStagnation) }
  func testRoundingThatIsMadeUpForIsLeftAlone() throws {
    // So small are the steps that most weights stand still at most of them.
    for optimizer in [AdamW().rounding(.compensated), AdamW().rounding(.stochastic(seed: 3))] {
      let run = LayerCase(
        "small steps", steps: 330, optimizer: optimizer, rate: 2e-5,
        { (LayerWard.half(), LayerWard.classes()) }, loss: LayerWard.halfLoss)
      for seed in Self.seeds {
        let diagnosis = try run.diagnosis(seed)
        XCTAssertFalse(
          diagnosis.findings.contains {
            [.roundingStagnation, .frozenParameter].contains($0.symptom)
          },
          "\(seed): \(diagnosis)")
      }
    }
  }

  func testInitialization() throws { try expect(.badInitialization) }
  func testAttentionScores() throws { try expect(.attentionScores) }
  func testLogitDrift() throws {
    try expect(.logitDrift)
    try expectHealth([LayerWard.drifting(push: 0), LayerWard.drifting(zLoss: 1e-2)])
  }
  func testEmbeddingInstability() throws {
    try expect(.embeddingInstability)
    try expectHealth([LayerWard.embedding(decay: 0.1)])
  }
  func testStaleMoments() throws {
    for seed in Self.seeds {
      let findings = try LayerWard.findings(ofLossThatJumps: AdamW(), seed)
      XCTAssertEqual(findings.map(\.symptom), [.staleMoments], "\(seed)")
      XCTAssertEqual(findings.first?.cause, .slowSecondMoment)
      XCTAssertTrue(findings.first?.place?.hasSuffix(".weight") ?? false, "\(findings)")
      for optimizer in [AdamW(beta2: 0.9), SGD(momentum: 0.9), Lion()] as [any Optimizer] {
        let findings = try LayerWard.findings(ofLossThatJumps: optimizer, seed)
        XCTAssertEqual(findings, [], "\(optimizer), \(seed)")
      }
    }
  }

  func testMemory() throws { try expect(.memoryGrowth) }
}

extension Finding {
  /// Whether the first place that it names ends like this.
  fileprivate func isAt(_ end: String) -> Bool {
    place.map { $0.hasSuffix(end) || $0.contains(end + " and ") } ?? false
  }
}
