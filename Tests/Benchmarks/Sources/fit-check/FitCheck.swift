import Foundation
import TrainingKit

/// `run.fit` beside every way to take the step: how much slower than the fastest one that fits is what it picks?
@main
enum FitCheck {
  static func main() throws {
    Threads.count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? Threads.count
    try languageModel()
    try imageModel()
  }

  private static func languageModel() throws {
    let tokens = RandomGenerator(seed: 2).integers([16, 128], in: 0..<64)
    let subject = Subject(
      name: "GPT L4 d128", batch: Batch(x: tokens, y: tokens, indices: Array(0..<16)),
      modules: (0..<4).map { "blocks.\($0)" }, isRow: true,
      make: { GPT(vocabulary: 64, context: 128, features: 128, heads: 4, layers: 4) },
      loss: { causalLanguageModelLoss($0($1.x), $1.y, reduction: .counted) })
    try subject.run()
  }

  private static func imageModel() throws {
    let generator = RandomGenerator(seed: 3)
    let subject = Subject(
      name: "CNN",
      batch: Batch(
        x: generator.normal([32, 3, 32, 32]), y: generator.integers([32], in: 0..<10),
        indices: Array(0..<32)),
      modules: ["0", "2", "5"], isRow: false,
      make: {
        Sequential {
          Conv2d(3, 16, kernelSize: 3, padding: 1)
          ReLU()
          Conv2d(16, 16, kernelSize: 3, padding: 1)
          ReLU()
          MaxPool2d(2)
          Conv2d(16, 32, kernelSize: 3, padding: 1)
          ReLU()
          Flatten()
          Linear(32 * 256, 10)
        }
      },
      loss: { crossEntropy($0($1.x), $1.y, reduction: .counted) })
    try subject.run()
  }
}

/// A model whose steps are fitted.
struct Subject<Model: Module> {
  let name: String
  let batch: Batch
  let modules: [String]
  /// Whether the modules are a row, of which the first ones are recomputed.
  let isRow: Bool
  let make: () -> Model
  let loss: (Model, Batch) -> LossSum

  private static var rounds: Int { 9 }
  private static var duelRounds: Int { 61 }

  func run() throws {
    let plain = try way(parts: 1, [])
    var ways: [Way<Model>] = []
    for parts in [1, 2, 4, 8, 16] {
      for chosen in choices { ways.append(try way(parts: parts, chosen)) }
    }
    print("\(name): the step as it is takes \(plain.growth / 1000) kB; \(ways.count) ways")
    for share in [0.8, 0.6, 0.4, 0.3, 0.25] {
      let budget = Int(share * Double(plain.growth))
      let fitting = ways.indices.filter { ways[$0].growth <= budget }
      let base = Device.cpu.memory.live
      guard let fit = try plain.run.fit(batch, within: base + budget, loss) else {
        print("  \(Int(share * 100)) %: nothing fits")
        continue
      }
      let picked = try index(parts: fit.parts, recomputed: fit.recomputed, in: &ways)
      // All of them in turn, so that what else the machine does hits them alike.
      var times = [Double](repeating: .infinity, count: ways.count)
      for _ in 0..<Self.rounds {
        for index in Set(fitting + [picked]).sorted() {
          times[index] = min(times[index], try ways[index].step(batch, loss))
        }
      }
      // The fastest of many noisy times is partly luck: the best of them meet the pick again in rounds of their own.
      let rivals = fitting.filter { $0 != picked }.sorted { times[$0] < times[$1] }.prefix(2)
      let ratios = try rivals.map { (way: $0, ratio: try ratio(of: picked, to: $0, in: &ways)) }
      let duels = ratios.map { "\(String(format: "%.3f", $0.ratio)) of \(ways[$0.way])" }
      print(
        "  \(Int(share * 100)) %, \(fitting.count) ways fit: \(ways[picked]) takes "
          + duels.joined(separator: ", "))
    }
  }

  /// What a way takes as a share of what another takes: the median over steps that are taken in turn, as the machine
  /// changes its speed within seconds.
  private func ratio(
    of first: Int, to second: Int, in ways: inout [Way<Model>]
  ) throws -> Double {
    var ratios: [Double] = []
    for round in 0..<Self.duelRounds {
      var times = [0.0, 0.0]
      for side in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
        times[side] = try ways[side == 0 ? first : second].step(batch, loss)
      }
      ratios.append(times[0] / times[1])
    }
    return ratios.sorted()[Self.duelRounds / 2]
  }

  /// The place of a way in the list, where it is added if it is none of the list.
  private func index(
    parts: Int, recomputed: [String], in ways: inout [Way<Model>]
  ) throws -> Int {
    let listed = ways.firstIndex {
      $0.parts == parts && Set($0.recomputed) == Set(recomputed)
    }
    if let listed { return listed }
    ways.append(try way(parts: parts, recomputed))
    return ways.count - 1
  }

  private var choices: [[String]] {
    if isRow { return (0...modules.count).map { Array(modules.prefix($0)) } }
    return (0..<(1 << modules.count)).map { chosen in
      modules.indices.filter { chosen >> $0 & 1 == 1 }.map { modules[$0] }
    }
  }

  private func way(parts: Int, _ recomputed: [String]) throws -> Way<Model> {
    var run = TrainingRun(model: make(), optimizer: AdamW(), schedule: .constant(1e-3))
    if !recomputed.isEmpty {
      run.recomputation = Recomputation(patterns: recomputed)
    }
    let base = Device.cpu.memory.live
    let plan = try run.memoryPlan { run in
      for _ in 0..<2 {
        _ = try run.step(accumulating: batch.split(size: batch.count / parts), loss)
      }
    }
    return Way(run: run, parts: parts, recomputed: recomputed, growth: plan.peak - base)
  }
}

/// One way to take a step.
struct Way<Model: Module>: CustomStringConvertible {
  var run: TrainingRun<Model>
  let parts: Int
  let recomputed: [String]
  /// What the step adds to the bytes in use.
  let growth: Int

  var description: String {
    "\(parts) parts\(recomputed.isEmpty ? "" : ", recomputed \(recomputed.joined(separator: " "))")"
  }

  mutating func step(_ batch: Batch, _ loss: (Model, Batch) -> LossSum) throws -> Double {
    let start = ContinuousClock.now
    _ = try run.step(accumulating: batch.split(size: batch.count / parts), loss)
    let (seconds, attoseconds) = start.duration(to: .now).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}

extension MemoryFit {
  var recomputed: [String] {
    remedies.flatMap { if case .recomputation(let modules) = $0 { modules } else { [String]() } }
  }
}
