/// The gradients of a loss that was multiplied by a scale. They can be added and weighted, as accumulating over
/// micro-batches and several losses needs; everything else asks for them unscaled.
public struct ScaledGradients: Sendable {
  /// What the loss was multiplied by.
  public let scale: Double
  private let gradients: Gradients

  fileprivate init(_ gradients: Gradients, scale: Double) {
    (self.gradients, self.scale) = (gradients, scale)
  }

  /// Trainable parameters that the loss does not depend on.
  public var missing: [String] { gradients.missing }

  /// The paths that have a gradient.
  public var paths: [String] { gradients.paths }

  /// The gradients of some of the parameters, such as those that one of several optimizers moves.
  public func filtered(_ isIncluded: (_ path: String) -> Bool) -> ScaledGradients {
    let paths = gradients.paths.filter(isIncluded)
    let tensors = paths.map { ($0, gradients[$0]!) }
    let part = Gradients(
      paths: paths, missing: gradients.missing.filter(isIncluded),
      tensors: Dictionary(uniqueKeysWithValues: tensors))
    return ScaledGradients(part, scale: scale)
  }

  /// The gradients of the sum of two losses, also of different scales.
  public static func + (a: ScaledGradients, b: ScaledGradients) -> ScaledGradients {
    let other = a.scale == b.scale ? b.gradients : b.gradients * (a.scale / b.scale)
    return ScaledGradients(a.gradients + other, scale: a.scale)
  }

  /// The gradients of the loss times a number.
  ///
  /// - Numerics: float32 for halves, which would stop growing after some hundred sums.
  public static func * (a: ScaledGradients, factor: Double) -> ScaledGradients {
    let weighted = a.gradients.mapped { $1.cast(to: $1.dtype.updateType) * factor }
    return ScaledGradients(weighted, scale: a.scale)
  }
}

/// What is left of gradients when the scale is taken off.
public enum UnscaledGradients: Sendable {
  /// The gradients of the loss itself.
  case finite(Gradients)
  /// The parameters whose gradients have a NaN or an infinity: the step has to be skipped.
  case nonFinite([String])

  /// The gradients of the loss itself; nil when the step has to be skipped.
  public var gradients: Gradients? {
    if case .finite(let gradients) = self { gradients } else { nil }
  }

  /// The parameters whose gradients are not finite.
  public var nonFinite: [String] { if case .nonFinite(let paths) = self { paths } else { [] } }
}

extension ScaledGradients {
  /// The gradients of the loss itself, or whose are not finite.
  ///
  /// - Numerics: in float32 for halves, so that nothing vanishes again.
  public func unscaled() -> UnscaledGradients {
    let nonFinite = gradients.nonFinitePaths
    guard nonFinite.isEmpty else { return .nonFinite(nonFinite) }
    return .finite(scale == 1 ? gradients : (self * (1 / scale)).gradients)
  }
}

extension Gradients {
  /// The parameters whose gradients have a NaN or an infinity.
  fileprivate var nonFinitePaths: [String] {
    let found = statistics
    return found.global.isFinite ? [] : paths.filter { found[$0]?.isFinite == false }
  }
}

extension Module {
  /// The gradients of a loss times the scale of a scaler, with respect to the trainable parameters.
  ///
  /// - Parameter scaler: none for a scale of 1.
  /// - Errors: traps when the loss has more than one element.
  public func gradients(
    of loss: consuming Tensor, scaledBy scaler: GradScaler?
  ) -> ScaledGradients {
    let scale = scaler?.scale ?? 1
    guard scale != 1, loss.dtype.isFloatingPoint else {
      return ScaledGradients(gradients(of: loss), scale: scale)
    }
    let scaled = loss.cast(to: loss.dtype.updateType) * scale
    _ = consume loss
    return ScaledGradients(gradients(of: consume scaled), scale: scale)
  }

  /// The loss that `body` computes, and its gradients times the scale of a scaler.
  public func valueAndGradients(
    scaledBy scaler: GradScaler?, _ body: (Self) throws -> Tensor
  ) rethrows -> (value: Tensor, gradients: ScaledGradients) {
    let loss = try body(self)
    let value = loss.detached()
    return (value, gradients(of: consume loss, scaledBy: scaler))
  }
}
