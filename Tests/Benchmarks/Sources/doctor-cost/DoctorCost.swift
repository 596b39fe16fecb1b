import TrainingDiagnostics
import TrainingKit

/// What a doctor costs: steps of a run as it is and of the same run in the care of a doctor, in turn.
///
///     swift run -c release --package-path Tests/Benchmarks doctor-cost [THREADS [STRETCHES]]
///
/// Of so many stretches only the small network is measured, as a profiler asks for.
@main
enum DoctorCost {
  static func main() throws {
    let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    Threads.count = numbers.first ?? Threads.count
    let generator = RandomGenerator(seed: 1)
    try measure(
      "64-128-10 network, batch 32", stretches: numbers.count > 1 ? numbers[1] : 80, length: 400,
      items: (0..<500).map { place in
        let x = generator.normal([32, 64])
        return Batch(
          x: x, y: x[0..., 0..<10].argmax(axis: 1), indices: Array((place * 32)..<(place * 32 + 32))
        )
      },
      make: {
        Sequential {
          Linear(64, 128)
          ReLU()
          Linear(128, 10)
        }
      },
      loss: { crossEntropy($0($1.x), $1.y) })
    if numbers.count > 1 { return }
    try measure(
      "GPT L4 d256, batch 8 of 128", stretches: 6, length: 50,
      items: (0..<100).map { place in
        let tokens = generator.integers([8, 128], in: 0..<256)
        return Batch(x: tokens, y: tokens, indices: Array((place * 8)..<(place * 8 + 8)))
      },
      make: { GPT(vocabulary: 256, context: 128, features: 256, heads: 4, layers: 4) },
      loss: { causalLanguageModelLoss($0($1.x), $1.y) })
  }

  private static func measure<Model: Module>(
    _ name: String, stretches: Int, length: Int, items: [Batch], make: () -> Model,
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
        for step in 0..<length {
          let item = items[(stretch * length + step) % items.count]
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
    let ratios = zip(times[0], times[1]).dropFirst(stretches > 1 ? 1 : 0).map { $1 / $0 }.sorted()
    print(
      "\(name): \(times[0].min()! * 1e6) µs a step, \(times[1].min()! * 1e6) in care; "
        + "ratio of pairs, median \(ratios[ratios.count / 2]); findings \(watched.diagnosis().findings.count); "
        + "memory \((Device.cpu.memory.live - base) / 1000) kB")
  }
}
