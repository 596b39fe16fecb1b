import Foundation
import TrainingDiagnostics
import TrainingKit

/// Which part of the suite is run.
struct Share {
  var architectures = Architecture.allCases
  var firstSeed = 1
  var seeds = 3
  var levels = 5
  /// Names of faults and look-alikes; nil for all.
  var names: Set<String>?
  var treats = false
}

/// Runs all faults and look-alikes of a share, and judges them.
final class Suite {
  private let share: Share
  /// Is given each verdict.
  private let report: (Verdict) throws -> Void
  private var twins: [Key: Twin] = [:]

  private struct Key: Hashable {
    let base: Base
    let architecture: Architecture
    let seed: UInt64
  }

  init(_ share: Share, report: @escaping (Verdict) throws -> Void) {
    (self.share, self.report) = (share, report)
  }

  private typealias Twin = (start: Double, end: Double)

  func run() throws {
    for architecture in share.architectures {
      for seed in UInt64(share.firstSeed)..<UInt64(share.firstSeed + share.seeds) {
        for fault in Fault.all where isChosen(fault.name, fault.architectures, architecture) {
          try run(fault, architecture, seed)
        }
        for look in LookAlike.all where isChosen(look.name, look.architectures, architecture) {
          try run(look, architecture, seed)
        }
      }
    }
  }

  private func isChosen(
    _ name: String, _ architectures: [Architecture], _ architecture: Architecture
  ) -> Bool {
    architectures.contains(architecture) && (share.names?.contains(name) ?? true)
  }

  private func run(_ fault: Fault, _ architecture: Architecture, _ seed: UInt64) throws {
    let twin = twin(fault.base, architecture, seed)
    for (level, value) in fault.levels.enumerated() where isChosen(level) {
      var recipe = fault.base.recipe(architecture)
      fault.inject(&recipe, value)
      try judge(recipe, fault.name, fault, architecture, seed, level, twin)
    }
  }

  private func run(_ look: LookAlike, _ architecture: Architecture, _ seed: UInt64) throws {
    let plain = twin(.plain, architecture, seed)
    for (level, value) in look.levels.enumerated() where isChosen(level) {
      var recipe = Recipe(architecture)
      look.change(&recipe, value)
      try judge(recipe, look.name, nil, architecture, seed, level, plain)
    }
  }

  private func twin(_ base: Base, _ architecture: Architecture, _ seed: UInt64) -> Twin {
    let key = Key(base: base, architecture: architecture, seed: seed)
    if let twin = twins[key] { return twin }
    let course = Course(base.recipe(architecture), seed: seed, care: .numbers)
    let twin = (course.start, course.end)
    twins[key] = twin
    return twin
  }

  /// Of fewer levels the middle, the mildest and the gravest are kept.
  private func isChosen(_ level: Int) -> Bool {
    [2, 4, 0, 3, 1].prefix(share.levels).contains(level)
  }

  private func judge(
    _ recipe: Recipe, _ name: String, _ fault: Fault?, _ architecture: Architecture,
    _ seed: UInt64, _ level: Int, _ twin: Twin
  ) throws {
    let course = Course(recipe, seed: seed, care: .standard)
    var verdict = Verdict(
      course, twin: twin, name: name, fault: fault, architecture, seed: seed, level: level)
    if share.treats {
      verdict.takeTreated(Course(recipe, seed: seed, care: .treating))
    }
    try report(verdict)
  }
}
