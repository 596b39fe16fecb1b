internal import FoundationEssentials
internal import TrainingKit

/// `training plan`: the memory of training a model, for every combination of settings.
struct PlanCommand {
  let settings: PlanSettings

  /// One line of the table.
  struct Row: Encodable {
    let batchSize: Int
    let precision, optimizer: String
    let recompute: Bool
    let peak: Int
    let owners: [String: Int]
    let fits: Bool?
  }

  func execute() throws {
    for path in [settings.picture, settings.json].compactMap({ $0 }) {
      try File.checkWritable(path)
    }
    if let threads = settings.threads { Threads.count = threads }
    let model = try PlannedModel(settings.model, length: settings.length)
    var rows: [Row] = []
    var last: MemoryPlan?
    Console.print(PlanTable.header(hasBudget: settings.budget != nil))
    for size in settings.batchSizes {
      for optimizer in settings.optimizers {
        for precision in settings.precisions {
          for isRecomputed in settings.recomputations {
            let plan = try plan(model, size, optimizer, precision, isRecomputed)
            rows.append(row(plan, size, optimizer, precision, isRecomputed))
            Console.print(PlanTable.line(rows.last!))
            last = plan
          }
        }
      }
    }
    if let last { try write(rows, last) }
  }

  private func plan(
    _ model: PlannedModel, _ size: Int, _ optimizer: OptimizerChoice,
    _ precision: TrainSettings.PrecisionName, _ isRecomputed: Bool
  ) throws -> MemoryPlan {
    try MemoryPlan {
      try validated {
        var run = TrainingRun(
          model: PlannedNetwork(model.make()),
          optimizer: optimizer.optimizer(weightDecay: 0.01, momentum: 0.9),
          schedule: .constant(1e-3), precision: Precision(precision), clipping: .globalNorm(1))
        if isRecomputed { run.recomputation = .modules("body.blocks.*") }
        for _ in 0..<2 { _ = try run.step { model.loss($0.body, size) } }
      }
    }
  }

  private func row(
    _ plan: MemoryPlan, _ size: Int, _ optimizer: OptimizerChoice,
    _ precision: TrainSettings.PrecisionName, _ isRecomputed: Bool
  ) -> Row {
    let bill = MemoryOwner.allCases.map { ("\($0)", plan.peakBill[$0]) }
    return Row(
      batchSize: size, precision: precision.rawValue, optimizer: optimizer.rawValue,
      recompute: isRecomputed, peak: plan.peak,
      owners: Dictionary(uniqueKeysWithValues: bill),
      fits: settings.budget.map { plan.peak <= $0 })
  }

  private func write(_ rows: [Row], _ last: MemoryPlan) throws {
    if let path = settings.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try File.write(String(decoding: encoder.encode(rows), as: UTF8.self), to: path)
    }
    guard let path = settings.picture, let row = rows.last else { return }
    let title =
      "\(settings.model), batch of \(row.batchSize), \(row.precision), \(row.optimizer)"
      + (row.recompute ? ", recomputed" : "")
    try File.write(TimelinePicture(last.timeline, title: title).svg, to: path)
  }
}

/// A model of any type.
private final class PlannedNetwork: Module {
  let body: any Module<Tensor, Tensor>

  init(_ body: any Module<Tensor, Tensor>) { self.body = body }

  func forward(_ x: Tensor) -> Tensor { body(x) }
}

/// The table on the terminal.
enum PlanTable {
  private static let owners: [MemoryOwner] = [.weights, .gradients, .optimizer, .activations]

  static func header(hasBudget: Bool) -> String {
    columns(
      ["batch", "precision", "optimizer", "recompute", "peak"] + owners.map { "\($0)" }
        + ["other"] + (hasBudget ? ["fits"] : []))
  }

  static func line(_ row: PlanCommand.Row) -> String {
    let named = owners.map { row.owners["\($0)"] ?? 0 }
    let bytes = [row.peak] + named + [row.peak - named.reduce(0, +)]
    return columns(
      ["\(row.batchSize)", row.precision, row.optimizer, row.recompute ? "yes" : "no"]
        + bytes.map { "\(ByteCount($0))" } + (row.fits.map { [$0 ? "yes" : "no"] } ?? []))
  }

  private static func columns(_ words: [String]) -> String {
    words.map { word in
      String(repeating: " ", count: max(0, 11 - word.count)) + word
    }.joined(separator: " ")
  }
}
