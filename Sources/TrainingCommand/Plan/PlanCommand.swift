internal import FoundationEssentials
internal import TrainingKit

/// `training plan`: the memory of training a model, for every combination of settings.
struct PlanCommand {
  let settings: PlanSettings

  /// One line of the table.
  struct Row: Encodable {
    let batchSize: Int
    let precision, optimizer, optimizerState: String
    let recompute: Bool
    let peak: Int
    let owners: [String: Int]
    let fits: Bool?
  }

  /// One combination of settings.
  private struct Choice {
    let size: Int
    let optimizer: OptimizerChoice
    let state: TrainSettings.StateName
    let precision: TrainSettings.PrecisionName
    let isRecomputed: Bool
  }

  func execute() throws {
    for path in [settings.picture, settings.json].compactMap({ $0 }) {
      try File.checkWritable(path)
    }
    if let threads = settings.threads { Threads.count = threads }
    let model = try PlannedModel(settings.model, length: settings.length)
    var rows: [Row] = []
    var last: MemoryPlan?
    for size in settings.batchSizes {
      guard model.largest(size) < 0x1p50 else {
        throw UsageError(
          "expected a model and batches whose bytes can be counted, got too much at \(size) examples"
        )
      }
    }
    Console.print(PlanTable.title)
    Console.print(PlanTable.header(hasBudget: settings.budget != nil))
    for choice in try choices(of: model) {
      let plan = try plan(model, choice)
      rows.append(row(plan, choice))
      Console.print(PlanTable.line(rows.last!))
      last = plan
    }
    if let last { try write(rows, last) }
  }

  private func choices(of model: PlannedModel) throws(UsageError) -> [Choice] {
    let recomputations = settings.recomputations ?? (model.hasBlocks ? [false, true] : [false])
    guard model.hasBlocks || !recomputations.contains(true) else {
      throw UsageError("--recompute: expected a model with blocks, got \(settings.model)")
    }
    var choices: [Choice] = []
    for size in settings.batchSizes {
      for optimizer in settings.optimizers {
        for state in settings.states {
          for precision in settings.precisions {
            for isRecomputed in recomputations {
              choices.append(
                Choice(
                  size: size, optimizer: optimizer, state: state, precision: precision,
                  isRecomputed: isRecomputed))
            }
          }
        }
      }
    }
    return choices
  }

  private func plan(_ model: PlannedModel, _ choice: Choice) throws -> MemoryPlan {
    do {
      return try planned(model, choice)
    } catch let error as TensorError {
      throw UsageError("\(settings.model): \(error)")
    }
  }

  private func planned(_ model: PlannedModel, _ choice: Choice) throws -> MemoryPlan {
    try MemoryPlan {
      try validated {
        var run = TrainingRun(
          model: PlannedNetwork(model.make()),
          optimizer: choice.optimizer.optimizer(
            weightDecay: 0.01, momentum: 0.9, state: choice.state),
          schedule: .constant(1e-3), precision: Precision(choice.precision),
          clipping: .globalNorm(1))
        if choice.isRecomputed { run.recomputation = .modules("body.blocks.*") }
        for _ in 0..<2 { _ = try run.step { model.loss($0.body, choice.size) } }
      }
    }
  }

  private func row(_ plan: MemoryPlan, _ choice: Choice) -> Row {
    let bill = MemoryOwner.allCases.map { ("\($0)", plan.peakBill[$0]) }
    return Row(
      batchSize: choice.size, precision: choice.precision.rawValue,
      optimizer: choice.optimizer.rawValue, optimizerState: choice.state.rawValue,
      recompute: choice.isRecomputed, peak: plan.peak,
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
      "\(settings.model), batch of \(row.batchSize), \(row.precision), "
      + "\(row.optimizer) with a state in \(row.optimizerState)"
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

  static let title = "memory at the moment of its peak, and who holds it then:"

  static func header(hasBudget: Bool) -> String {
    columns(
      ["batch", "precision", "optimizer", "state", "recompute", "peak"] + owners.map { "\($0)" }
        + ["other"] + (hasBudget ? ["fits"] : []))
  }

  static func line(_ row: PlanCommand.Row) -> String {
    let named = owners.map { row.owners["\($0)"] ?? 0 }
    let bytes = [row.peak] + named + [row.peak - named.reduce(0, +)]
    return columns(
      [
        "\(row.batchSize)", row.precision, row.optimizer, row.optimizerState,
        row.recompute ? "yes" : "no",
      ]
        + bytes.map { "\(ByteCount($0))" } + (row.fits.map { [$0 ? "yes" : "no"] } ?? []))
  }

  private static func columns(_ words: [String]) -> String {
    words.map { word in
      String(repeating: " ", count: max(0, 11 - word.count)) + word
    }.joined(separator: " ")
  }
}
