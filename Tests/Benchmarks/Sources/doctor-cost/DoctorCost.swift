import TrainingDiagnostics
import TrainingKit

/// What a doctor costs: steps of a run as it is and of the same run in the care of a doctor, in turn.
@main
enum DoctorCost {
  static func main() throws {
    Threads.count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? Threads.count
    let generator = RandomGenerator(seed: 1)
    try measure(
      "64-128-10 network, batch 32", stretches: 80, length: 400,
      item: Batch(
        x: generator.normal([32, 64]), y: generator.integers([32], in: 0..<10),
        indices: Array(0..<32)),
      make: {
        Sequential {
          Linear(64, 128)
          ReLU()
          Linear(128, 10)
        }
      },
      loss: { crossEntropy($0($1.x), $1.y) })
    let tokens = generator.integers([8, 128], in: 0..<256)
    try measure(
      "GPT L4 d256, batch 8 of 128", stretches: 6, length: 50,
      item: Batch(x: tokens, y: tokens, indices: Array(0..<8)),
      make: { GPT(vocabulary: 256, context: 128, features: 256, heads: 4, layers: 4) },
      loss: { causalLanguageModelLoss($0($1.x), $1.y) })
  }

  private static func measure<Model: Module>(
    _ name: String, stretches: Int, length: Int, item: Batch, make: () -> Model,
    loss: @escaping (Model, Batch) -> Tensor
  ) throws {
    var plain = TrainingRun(model: make(), optimizer: AdamW(), schedule: .constant(1e-4))
    let base = Device.cpu.memory.live
    var watched = WatchedRun(
      TrainingRun(model: make(), optimizer: AdamW(), schedule: .constant(1e-4)), loss)
    var times: [[Double]] = [[], []]
    for stretch in 0..<stretches {
      for side in stretch.isMultiple(of: 2) ? [0, 1] : [1, 0] {
        let start = ContinuousClock.now
        for _ in 0..<length {
          if side == 0 {
            _ = try plain.step { loss($0, item) }
          } else {
            _ = try watched.step(item)
          }
        }
        let (seconds, attoseconds) = start.duration(to: .now).components
        times[side].append((Double(seconds) + Double(attoseconds) * 1e-18) / Double(length))
      }
    }
    // The first stretch has the examinations at powers of two, which a run has once.
    let ratios = zip(times[0], times[1]).dropFirst().map { $1 / $0 }.sorted()
    print(
      "\(name): \(times[0].min()! * 1e6) µs a step, \(times[1].min()! * 1e6) in care; "
        + "ratio of pairs, median \(ratios[ratios.count / 2]); findings \(watched.diagnosis().findings.count); "
        + "memory \((Device.cpu.memory.live - base) / 1000) kB")
  }
}
