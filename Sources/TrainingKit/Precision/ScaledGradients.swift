/// The gradients of a loss that was multiplied by a scale. They can be added and weighted, as accumulating over
/// micro-batches and several losses needs; everything else asks for them unscaled.
public struct ScaledGradients: Sendable {
  /// What the loss was multiplied by.
  public let scale: Double
  let gradients: Gradients

  init(_ gradients: Gradients, scale: Double) {
    (self.gradients, self.scale) = (gradients, scale)
  }

  /// Trainable parameters that the loss does not depend on.
  public var missing: [String] { gradients.missing }

  /// The paths that have a gradient.
  public var paths: [String] { gradients.paths }

  /// The gradients of some of the parameters, such as those that one of several optimizers moves.
  public func filtered(_ isIncluded: (_ path: String) -> Bool) -> ScaledGradients {
    ScaledGradients(gradients.filtered(isIncluded), scale: scale)
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
  /// What was found in gradients of which some have a NaN or an infinity: the step has to be skipped.
  case nonFinite(Gradients.Statistics)

  /// The gradients of the loss itself; nil when the step has to be skipped.
  public var gradients: Gradients? {
    if case .finite(let gradients) = self { gradients } else { nil }
  }

  /// The parameters whose gradients are not finite.
  public var nonFinite: [String] {
    if case .nonFinite(let found) = self { found.nonFinitePaths } else { [] }
  }
}

extension ScaledGradients {
  /// The gradients of the loss itself, or what was found where some are not finite.
  ///
  /// - Numerics: one pass looks at all gradients, and clipping needs no other. They are divided by the scale, in
  ///   float32 or float64, where they are used, so that no half loses its small ones.
  public func unscaled() -> UnscaledGradients {
    let bare = scale == 1 ? gradients : gradients.widened().scaled(by: 1 / scale)
    let (gradients, found) = bare.measured()
    return found.global.isFinite ? .finite(gradients) : .nonFinite(found)
  }
}

extension Module {
  /// The gradients of a loss times the scale of a scaler; of the loss itself when there is no scaler.
  ///
  /// - Numerics: the loss is scaled in float32 where it is a half, which could not hold it.
  /// - Errors: traps when the loss has more than one element.
  public func gradients(
    of loss: consuming Tensor, scaledBy scaler: GradScaler?
  ) -> ScaledGradients {
    parameters.gradients(of: consume loss, scaledBy: scaler)
  }

  /// The loss that `body` computes, and its gradients under the scale of a scaler.
  public func valueAndGradients(
    scaledBy scaler: GradScaler?, _ body: (Self) throws -> Tensor
  ) rethrows -> (value: Tensor, gradients: ScaledGradients) {
    let loss = try body(self)
    let value = loss.detached()
    return (value, gradients(of: consume loss, scaledBy: scaler))
  }
}

extension [NamedParameter] {
  /// The gradients of a loss times the scale of a scaler with respect to those that are trainable.
  ///
  /// - Parameter renewed: the parameters once more, where the loss reaches others than those that are trainable.
  package func gradients(
    of loss: consuming Tensor, scaledBy scaler: GradScaler?, renewed: (() -> Self)? = nil
  ) -> ScaledGradients {
    let scale = scaler?.scale ?? 1
    guard scale != 1, loss.dtype.isFloatingPoint else {
      return ScaledGradients(gradients(of: consume loss, renewed: renewed), scale: scale)
    }
    let scaled = loss.cast(to: loss.dtype.updateType) * scale
    _ = consume loss
    return ScaledGradients(gradients(of: consume scaled, renewed: renewed), scale: scale)
  }
}

extension GradientAccumulator {
  /// Adds gradients that are all under the same scale.
  package mutating func add(_ scaled: ScaledGradients, ofMean loss: Double, count: Double) {
    add(scaled.gradients, ofMean: loss, count: count)
  }

  /// The mean loss and its gradients, which were added under a scale.
  package func mean(scale: Double) -> (loss: Double, gradients: ScaledGradients)? {
    mean.map { ($0.loss, ScaledGradients($0.gradients, scale: scale)) }
  }
}
