internal import TrainingKit

/// Whether an example's output depends on that example, and on no other.
///
/// - Finds: outputs that are the same whatever goes in, which is put on a start that is too small where there is one;
///   outputs that change with the other examples of the batch, in evaluation. In training, batch normalization may do
///   so, which is told as a note.
/// - Source: Karpathy, A Recipe for Training Neural Networks, 2019: the input-independent baseline.
public struct OutputDependsOnInput: PreflightCheck {
  /// `dependence`
  public static let name = "dependence"
  /// What it finds of a healthy run.
  public static let statement = "an example's output depends on it alone"

  /// Creates the check.
  public init() {}

  /// Takes a batch through the model, and one in which the first example has taken the place of all others.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let batch = subject.pass.batch
    guard batch.count >= 2, batch.x.rank > 0, batch.x.shape[0] == batch.count,
      subject.pass.mistake == nil
    else {
      return []
    }
    guard let rows = try rows(subject, batch, isEvaluating: true) else { return [] }
    let scale = max(rows.rootMeanSquare, 1e-30)
    let keys = Set(ExampleKeys(batch.x).keys)
    let spread = (rows - rows[0..<1]).largestMagnitude / scale
    if keys.count > 1, spread < 1e-6, rows.isAllFinite {
      let place = firstConstant(subject)
      let isZero = subject.parameters.contains { named in
        named.path.hasPrefix(place == "output" ? "" : place) && named.parameter.value.rank >= 2
          && named.parameter.value.largestMagnitude == 0
      }
      let evidence: Evidence = [
        "spread": spread, "output_rms": rows.rootMeanSquare, "examples": Double(batch.count),
      ]
      if let faint = faintWeight(subject), !isZero {
        return [
          subject.finding(
            .badInitialization, .initialization, .fault, 0.95, evidence,
            remedy: "start the weight by its fan-in, such as .heUniform or .xavierUniform",
            place: faint, sources: ["He et al. 2015, arXiv:1502.01852"])
        ]
      }
      return [
        subject.finding(
          .constantOutput, isZero ? .zeroStart : .deadNetwork, .fault, 0.97, evidence,
          remedy:
            "look for a layer that gives the same for all: dead units, zero weights, a normalization over the "
            + "wrong axis, inputs that are not used", place: place)
      ]
    }
    guard keys.count > 1 else { return [] }
    if let change = try influence(subject, batch, rows, isEvaluating: true) {
      return [
        subject.finding(
          .mixedExamples, .wrongAxis, .fault, 0.95, ["change": change / scale],
          remedy:
            "look for a reshape, permutation, softmax or attention over the batch's axis: examples of a batch "
            + "must not know of each other", place: "output")
      ]
    }
    return try training(subject, batch)
  }

  /// The first weight that makes less than a tenth of what goes in, and not nothing.
  private func faintWeight(_ subject: PreflightSubject) -> String? {
    subject.parameters.first { named in
      let value = named.parameter.value
      guard value.rank >= 2, value.shape[0] > 0 else { return false }
      let gain = value.rootMeanSquare * Double(value.count / value.shape[0]).squareRoot()
      return gain > 0 && gain < 0.1
    }?.path
  }

  /// In training: batch normalization mixes on purpose.
  private func training(_ subject: PreflightSubject, _ batch: Batch) throws -> [Finding] {
    guard let rows = try rows(subject, batch, isEvaluating: false),
      let change = try influence(subject, batch, rows, isEvaluating: false)
    else { return [] }
    let norm = subject.pass.calls.first { $0.name.hasPrefix("BatchNorm") }
    let scale = max(rows.rootMeanSquare, 1e-30)
    return [
      subject.finding(
        .mixedExamples, norm == nil ? .undetermined : .batchStatistics, .note, 0.8,
        ["change": change / scale],
        remedy: "none: examples share statistics while training",
        test: norm == nil ? "look for what mixes them" : nil,
        place: norm?.path)
    ]
  }

  /// How much the first output changes with the others; nil for not at all.
  private func influence(
    _ subject: PreflightSubject, _ batch: Batch, _ rows: Tensor, isEvaluating: Bool
  ) throws -> Double? {
    var other = batch
    let first = Tensor(Array(repeating: 0, count: batch.count))
    (other.x, other.y) = (batch.x.taking(first), batch.y.taking(first))
    guard let changed = try self.rows(subject, other, isEvaluating: isEvaluating) else {
      return nil
    }
    let change = (changed[0] - rows[0]).largestMagnitude
    return change > 1e-4 * max(rows.rootMeanSquare, 1e-30) ? change : nil
  }

  private func rows(_ subject: PreflightSubject, _ batch: Batch, isEvaluating: Bool) throws
    -> Tensor?
  {
    let output = try subject.forward(batch, isEvaluating: isEvaluating).output
    guard let output, output.rank > 0, output.shape[0] == batch.count else { return nil }
    return output.cast(to: .float32).reshaped([batch.count, -1])
  }

  /// The first module whose output is the same for all examples.
  private func firstConstant(_ subject: PreflightSubject) -> String {
    let count = subject.pass.batch.count
    let call = subject.pass.calls.first { call in
      guard call.kind == .module, let y = call.outputs.first, y.rank > 1, y.shape[0] == count else {
        return false
      }
      let rows = y.detached().cast(to: .float32).reshaped([count, -1])
      return (rows - rows[0..<1]).largestMagnitude <= 1e-6 * rows.rootMeanSquare
    }
    return call?.path.flatMap { $0.isEmpty ? nil : $0 } ?? "output"
  }
}
