/// Keeps the gradients of float16 training from vanishing: losses are multiplied by a scale before they are
/// differentiated, and the scale follows what the gradients can bear.
///
///     var scaler = GradScaler()
///     let (loss, scaled) = autocast(.float16) {
///       model.valueAndGradients(scaledBy: scaler) { crossEntropy($0(x), y) }
///     }
///     let unscaled = scaled.unscaled()
///     if let gradients = unscaled.gradients {
///       optimizer.update(model, with: gradients, learningRate: 1e-3)
///     }
///     try scaler.update(after: unscaled)
///
/// Gradients under a scale are ``ScaledGradients``, which can be added, and nothing else but unscaled: what must not
/// happen to them, such as clipping or an update, does not compile. Several optimizers share a scaler: each
/// moves unless its own gradients are not finite, and one update of the scaler hears of all of them.
///
/// - Units: the scale is exact in float32; powers of two leave every bit of a gradient in place.
/// - Source: Micikevicius et al. 2018, section 3.2, arXiv:1710.03740; the rule of PyTorch's `GradScaler`, to which
///   floor, cap and hysteresis are added.
public struct GradScaler: Sendable, Hashable {
  /// What losses are multiplied by.
  public internal(set) var scale: Double
  /// Finite steps since the scale last changed.
  public internal(set) var growthTracker = 0
  /// Skipped steps in a row.
  public internal(set) var skips = 0
  /// How many more skipped steps the scale bears before it falls.
  var tolerance: Int

  /// What the scale is multiplied by when it grows.
  public let growthFactor: Double
  /// What the scale is multiplied by when gradients were not finite.
  public let backoffFactor: Double
  /// After how many finite steps in a row the scale grows.
  public let growthInterval: Int
  /// The least scale.
  public let floor: Double
  /// The largest scale.
  public let cap: Double
  /// How many steps are skipped before the scale falls; counted anew when it grows.
  public let hysteresis: Int
  /// How many steps in a row are skipped at the floor before `update` throws.
  public let patience: Int

  /// Creates a scaler whose scale grows and falls.
  ///
  /// - Errors: traps unless 0 < floor ≤ initialScale ≤ cap, growthFactor > 1, 0 < backoffFactor < 1 and all counts are
  ///   at least 1.
  public init(
    initialScale: Double = 0x1p16, growthFactor: Double = 2, backoffFactor: Double = 0.5,
    growthInterval: Int = 2000, floor: Double = 1, cap: Double = 0x1p24, hysteresis: Int = 1,
    patience: Int = 20
  ) {
    self.init(
      unchecked: initialScale, growthFactor, backoffFactor, growthInterval, floor, cap, hysteresis,
      patience)
    if let mistake { Context.current.fail(mistake) }
  }

  /// A scaler whose scale stays.
  ///
  /// - Errors: traps unless the scale is finite and above 0.
  public static func fixed(_ scale: Double, patience: Int = 20) -> GradScaler {
    GradScaler(initialScale: scale, floor: scale, cap: scale, patience: patience)
  }

  private init(
    unchecked scale: Double, _ growthFactor: Double, _ backoffFactor: Double,
    _ growthInterval: Int, _ floor: Double, _ cap: Double, _ hysteresis: Int, _ patience: Int
  ) {
    (self.scale, self.growthFactor, self.backoffFactor) = (scale, growthFactor, backoffFactor)
    (self.growthInterval, self.floor, self.cap) = (growthInterval, floor, cap)
    (self.hysteresis, self.patience, tolerance) = (hysteresis, patience, hysteresis)
  }

  /// What is wrong with the numbers, or nil.
  private var mistake: TensorError? {
    let largest = Double(Float.greatestFiniteMagnitude)
    let rules: [(isKept: Bool, expected: String, got: Any)] = [
      (floor > 0, "a floor above 0", floor),
      (cap <= largest, "a cap that is finite in float32", cap),
      (floor <= scale && scale <= cap, "a scale from \(floor) to \(cap)", scale),
      (growthFactor > 1 && growthFactor.isFinite, "a growthFactor above 1", growthFactor),
      (backoffFactor > 0 && backoffFactor < 1, "a backoffFactor between 0 and 1", backoffFactor),
      (growthInterval >= 1, "a growthInterval of at least 1", growthInterval),
      (hysteresis >= 1, "a hysteresis of at least 1", hysteresis),
      (patience >= 1, "a patience of at least 1", patience),
    ]
    return rules.first { !$0.isKept }.map {
      TensorError.argument("GradScaler", expected: $0.expected, got: $0.got)
    }
  }
}

extension GradScaler: Codable {
  /// Reads a scaler where it stood.
  ///
  /// - Errors: `DecodingError` when a number is missing or out of its range.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys) throws -> Double { try values.decode(Double.self, forKey: key) }
    func count(_ key: CodingKeys) throws -> Int { try values.decode(Int.self, forKey: key) }
    self.init(
      unchecked: try number(.scale), try number(.growthFactor), try number(.backoffFactor),
      try count(.growthInterval), try number(.floor), try number(.cap), try count(.hysteresis),
      try count(.patience))
    (growthTracker, skips) = (try count(.growthTracker), try count(.skips))
    tolerance = try count(.tolerance)
    let isReached =
      0..<growthInterval ~= growthTracker && 0...hysteresis ~= tolerance && skips >= 0
    if let mistake = mistake?.description ?? (isReached ? nil : "counts that no run reaches") {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: decoder.codingPath, debugDescription: mistake))
    }
  }
}
