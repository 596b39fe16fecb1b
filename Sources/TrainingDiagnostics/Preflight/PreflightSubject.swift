public import TrainingKit

/// A run that has not begun, as checks see it. Nothing that they can do moves it.
public struct PreflightSubject {
  /// The steps that the run has behind it.
  public let step: Int
  /// The batches to look at, one at least.
  public let batches: [Batch]
  /// The parameters of the model.
  public let parameters: [NamedParameter]
  /// What updates them.
  public let optimizer: any Optimizer
  /// What losses are computed in.
  public let precision: Precision
  /// The first batch on the way through and back, as a step would take it.
  public let pass: PreflightPass

  let compute: (_ batch: Batch, _ isEvaluating: Bool) throws -> PreflightPass
  let plan: (_ parts: Int) throws -> MemoryPlan
  let unmoved: () throws -> [String]
  let wideGradients: () throws -> Gradients?

  /// Takes another batch through the model, with the random numbers of the first pass.
  public func forward(_ batch: Batch, isEvaluating: Bool) throws -> PreflightPass {
    try compute(batch, isEvaluating)
  }

  /// The memory of two steps on the first batch, computed in parts.
  public func memoryPlan(parts: Int = 1) throws -> MemoryPlan { try plan(parts) }

  /// The trainable parameters that an update at the schedule's highest rate leaves as they are.
  public func unmovedParameters() throws -> [String] { try unmoved() }

  /// The gradients of the first batch as float32 computes them; nil where they are not finite.
  public func gradientsInFloat32() throws -> Gradients? { try wideGradients() }

  /// A finding at this step.
  func finding(
    _ symptom: Symptom, _ cause: Cause, _ severity: Severity, _ confidence: Double,
    _ evidence: Evidence, remedy: String, test: String? = nil, place: String? = nil,
    sources: [String] = []
  ) -> Finding {
    Finding(
      symptom, cause: cause, severity: severity, step: step, confidence: confidence,
      evidence: evidence, remedy: remedy, nextTest: test, place: place, sources: sources)
  }
}
