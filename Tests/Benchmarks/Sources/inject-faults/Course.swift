import Foundation
import TrainingDiagnostics
import TrainingKit

/// What became of a run.
struct Course {
  /// The numbers of its steps, without what was seen inside.
  private(set) var steps: [StepRecord] = []
  /// What the doctor found, ranked.
  private(set) var findings: [Finding] = []
  /// The steps at which warnings and faults were told.
  private(set) var alarms: [Int] = []
  private(set) var treatments: [String] = []
  /// The clean loss on held-out batches before and after.
  private(set) var start = Double.infinity
  private(set) var end = Double.infinity
  /// Why it ended early.
  private(set) var failure: String?

  /// Trains a run in the care of a doctor, who looks at it before the first step as well.
  init(_ recipe: Recipe, seed: UInt64, care: Care) {
    let (training, held) = recipe.data(seed: seed, more: care.treats ? 3 * recipe.steps : 0)
    let kept = Kept(every: recipe.keptLosses)
    let body = recipe.loss ?? Recipe.crossEntropyLoss
    let loss = { (model: Sequential, item: Item) in kept.noted(body(model, item)) }
    var watched = WatchedRun(recipe.run(seed: seed), care: care, loss)
    start = Self.loss(watched.run.model, held, Recipe.crossEntropyLoss)
    do {
      if care.snapshots > 0 {
        let preflight = Preflight(of: watched.run, on: training.prefix(8).map(\.batch)) {
          body($0, Item(x: $1.x, y: $1.y))
        }
        note(watched.take(try preflight.findings()), at: 0)
      }
    } catch {
      failure = "\(error)"
    }
    for (step, item) in training.enumerated() {
      // Who was taken back gets the steps that a healthy run has, from there on.
      if watched.run.steps >= recipe.steps + (watched.treatments.last?.from ?? 0) { break }
      if let interruption = recipe.interruption, interruption.step == step {
        watched = Self.resumed(watched, care, loss, interruption.change)
      }
      do {
        take(try watched.step(item))
      } catch {
        failure = "\(error)"
        break
      }
      if step % 20 == 19 {
        let step = StepRecord(
          step: max(0, watched.run.steps - 1),
          trainLoss: Self.loss(watched.run.model, [item], body),
          validationLoss: Self.loss(watched.run.model, held.prefix(2), body))
        steps.append(step)
        do {
          let found = try watched.evaluated(
            trainLoss: step.trainLoss, validationLoss: step.validationLoss)
          note(found, at: step.step)
        } catch {
          failure = "\(error)"
          break
        }
      }
    }
    do {
      note(try watched.conclude(), at: max(0, watched.run.steps - 1))
    } catch {
      failure = "\(error)"
    }
    findings = watched.diagnosis().findings
    treatments = watched.treatments.map { "\($0)" }
    end = Self.loss(watched.run.model, held, Recipe.crossEntropyLoss)
  }

  private mutating func take(_ step: WatchedStep) {
    steps.append(StepRecord(step.outcome))
    note(step.findings, at: step.outcome.report.step)
  }

  private mutating func note(_ findings: [Finding], at step: Int) {
    if findings.contains(where: { $0.severity >= .warning }) { alarms.append(step) }
  }

  private static func resumed(
    _ watched: WatchedRun<Sequential, Item>, _ care: Care,
    _ loss: @escaping (Sequential, Item) throws -> Tensor,
    _ change: (inout TrainingRun<Sequential>) -> Void
  ) -> WatchedRun<Sequential, Item> {
    var run = watched.run
    change(&run)
    return WatchedRun(run, doctor: watched.doctor, care: care, loss)
  }

  /// The mean in evaluation; infinite where it is not finite.
  private static func loss(
    _ model: Sequential, _ items: some Collection<Item>, _ loss: (Sequential, Item) -> Tensor
  ) -> Double {
    let sum = model.evaluating {
      withoutGradients { items.reduce(0.0) { $0 + loss(model, $1).item() } }
    }
    return sum.isFinite ? sum / Double(items.count) : .infinity
  }

  /// Losses that a careless loop keeps.
  private final class Kept {
    private var losses: [Tensor] = []
    private var calls = 0
    private let interval: Int

    init(every interval: Int) { self.interval = interval }

    func noted(_ loss: Tensor) -> Tensor {
      calls += 1
      if interval > 0, calls % interval == 0 { losses.append(loss) }
      return loss
    }
  }
}

extension Care {
  fileprivate var treats: Bool { responses.values.contains(.treat) }
}
