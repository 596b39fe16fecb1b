internal import TrainingKit

/// Whether every trainable parameter gets a gradient, and whether the optimizer moves it.
///
/// - Finds: parameters that the loss does not depend on; gradients that are zero everywhere, unless a weight
///   that starts at zero on purpose is in their way; parameters that an update at the highest rate leaves to the bit.
public struct GradientsReachParameters: PreflightCheck {
  /// `gradients`
  public static let name = "gradients"
  /// What it finds of a healthy run.
  public static let statement = "every trainable parameter gets a gradient, and moves"

  /// Creates the check.
  public init() {}

  /// Looks at the gradients of the pass, and takes one step that is undone.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    guard let gradients = subject.pass.gradients else { return [] }
    let trainable = subject.parameters.filter(\.parameter.isTrainable)
    if trainable.isEmpty || gradients.paths.isEmpty {
      return [nothing(subject, frozen: subject.parameters.count - trainable.count)]
    }
    if !gradients.missing.isEmpty { return [missing(gradients.missing, subject)] }
    let statistics = gradients.statistics
    let zero = gradients.paths.filter { statistics[$0]!.norm == 0 }
    if !zero.isEmpty { return try zeros(zero, of: gradients.paths.count, trainable, subject) }
    return try unmoved(subject)
  }

  private func nothing(_ subject: PreflightSubject, frozen: Int) -> Finding {
    subject.finding(
      .noGradient, frozen > 0 && frozen == subject.parameters.count ? .frozenWeights : .detached,
      .fault, 1,
      ["parameters": Double(subject.parameters.count), "frozen": Double(frozen)],
      remedy:
        "compute the loss from the model's output without detached(), elements() or withoutGradients, and leave "
        + "something trainable")
  }

  private func missing(_ paths: [String], _ subject: PreflightSubject) -> Finding {
    let value = subject.parameters.first { $0.path == paths[0] }!.parameter.value
    let isRead = subject.pass.calls.contains { call in
      call.kind == .operation
        && call.inputs.contains { $0.shape == value.shape && $0.isIdentical(to: value) }
    }
    return subject.finding(
      .noGradient, isRead ? .detached : .unused, .warning, 0.95,
      ["parameters": Double(paths.count)],
      remedy: isRead
        ? "look for detached(), elements() or argmax between this layer and the loss"
        : "use the layer in forward, or take it out; freeze what is not to be trained",
      place: paths.told)
  }

  private func zeros(
    _ paths: [String], of count: Int, _ trainable: [NamedParameter], _ subject: PreflightSubject
  ) throws -> [Finding] {
    // A weight of zeros stops the gradient on its way, at the first step only: residual branches start like that.
    let isBehindZeros = trainable.contains { named in
      named.parameter.value.rank >= 2 && named.parameter.value.largestMagnitude == 0
        && !paths.contains(named.path)
    }
    let isAll = paths.count == count
    let isUnderflow = try !isBehindZeros && isRounded(paths, subject)
    // Nothing to learn is no mistake of the model.
    if subject.pass.loss == 0 && isAll { return [] }
    return [
      subject.finding(
        .noGradient, isBehindZeros ? .zeroStart : isUnderflow ? .rounding : .deadNetwork,
        isAll ? .fault : isBehindZeros ? .note : .warning, 0.9,
        ["parameters": Double(paths.count), "share": Double(paths.count) / Double(count)],
        remedy: isBehindZeros
          ? "none: the gradient flows once the weight of zeros has moved"
          : isUnderflow
            ? "train in bfloat16, or with a larger loss scale: float16 rounds gradients to zero"
            : "look for dead units, rounding or a mask between this layer and the loss",
        place: paths.told)
    ]
  }

  /// Whether float32 has a gradient where float16 has none.
  private func isRounded(_ paths: [String], _ subject: PreflightSubject) throws -> Bool {
    guard subject.precision.autocastType == .float16, let wide = try subject.gradientsInFloat32()
    else { return false }
    return paths.contains { wide.norm(of: $0) ?? 0 > 0 }
  }

  private func unmoved(_ subject: PreflightSubject) throws -> [Finding] {
    guard let gradients = subject.pass.gradients else { return [] }
    // What is nothing beside the others, as of a bias before a normalization, is rounded away.
    let least = 1e-5 * gradients.globalNorm
    let paths = try subject.unmovedParameters().filter { gradients.norm(of: $0) ?? 0 > least }
    guard !paths.isEmpty else { return [] }
    let norms = paths.compactMap { gradients.norm(of: $0) }
    let isHalf = subject.parameters.contains { named in
      named.path == paths[0] && named.parameter.value.dtype.byteCount < 4
    }
    return [
      subject.finding(
        .frozenParameter, isHalf ? .rounding : .optimizer, .warning, 0.9,
        ["parameters": Double(paths.count), "gradient_norm": norms.max()],
        remedy: isHalf
          ? "keep parameters in float32 and compute in 16 bits, with .mixed(.bfloat16): updates are rounded away"
          : "look at the optimizer's groups and rates: an update at the schedule's highest rate changes no bit",
        place: paths.told)
    ]
  }
}

extension [String] {
  /// The first, and how many more.
  var told: String { count > 1 ? "\(self[0]) and \(count - 1) more" : self[0] }
}
