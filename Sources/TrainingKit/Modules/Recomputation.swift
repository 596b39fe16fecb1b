/// Which modules of a model keep no intermediate values between the forward and the backward pass.
///
///     var run = TrainingRun(model: gpt, optimizer: AdamW(), schedule: .constant(1e-3))
///     run.recomputation = .modules("blocks.*")
///
/// Calls of these modules are computed a second time on the way back, with the same results to the bit; see
/// ``recompute(isVerified:_:)``. Where a module lies within another, the outer one is recomputed as a whole.
public struct Recomputation: Sendable, Hashable {
  /// Patterns of paths, as those of ``ParameterFilter/path(_:)``.
  public let patterns: [String]
  /// Whether second results are compared with first ones.
  public let isVerified: Bool

  /// No module.
  public static let none = Recomputation(patterns: [], isVerified: false)

  /// The modules whose paths match a pattern: names joined by dots, where `*` stands for any characters within a name
  /// and `**` for any number of names.
  ///
  /// - Parameter isVerified: whether second results are compared with first ones, bit by bit, which keeps the first.
  public static func modules(_ patterns: String..., isVerified: Bool = false) -> Recomputation {
    Recomputation(patterns: patterns, isVerified: isVerified)
  }

  /// The modules whose paths match any of some patterns.
  public init(patterns: [String], isVerified: Bool = false) {
    (self.patterns, self.isVerified) = (patterns, isVerified)
  }
}

/// Runs `body`, in which calls of some modules of a model keep no intermediate values.
///
///     let loss = recomputing(.modules("blocks.*"), of: gpt) { causalLanguageModelLoss(gpt(tokens), tokens) }
///
/// - Errors: traps when a pattern matches no module, or a module that it matches has a result that is not one tensor.
public func recomputing<Result>(
  _ recomputation: Recomputation, of model: some Module, _ body: () throws -> Result
) rethrows -> Result {
  let modules = recomputation.modules(of: ModuleMembers(of: model))
  return try Context.current.recomputing(modules, body)
}

extension Recomputation {
  /// The modules that patterns match; nil for none, also after reporting that a pattern matches none.
  package func modules(of members: ModuleMembers) -> RecomputedModules? {
    if patterns.isEmpty { return nil }
    var identities: Set<ObjectIdentifier> = []
    for pattern in patterns {
      let pathPattern = PathPattern(pattern)
      let matching = members.modules.filter { pathPattern.matches($0.path) }
      guard !matching.isEmpty else {
        Context.current.fail(
          TensorError.argument("recomputation", expected: "a pattern of modules", got: pattern))
        return nil
      }
      identities.formUnion(matching.map { ObjectIdentifier($0.module) })
    }
    return RecomputedModules(identities, isVerified: isVerified)
  }
}

extension Module {
  /// What a call of the module computes, recomputed on the way back where a rule says so.
  func called<Result>(
    on inputs: @autoclosure () -> [Tensor] = [], _ compute: @escaping () -> Result
  ) -> Result {
    let context = Context.current
    guard context.observer != nil else { return recomputedWhereAsked(context, compute) }
    let result = recomputedWhereAsked(context, compute)
    context.tell(
      ObservedCall(
        kind: .module, name: "\(type(of: self))", module: ObjectIdentifier(self), inputs: inputs(),
        outputs: Observation.tensors(in: result)))
    return result
  }

  private func recomputedWhereAsked<Result>(
    _ context: Context, _ compute: @escaping () -> Result
  ) -> Result {
    guard let rule = context.recomputed, rule.identities.contains(ObjectIdentifier(self)) else {
      return context.entering(self, compute)
    }
    return context.entering(self) {
      guard let compute = compute as? () -> Tensor else {
        context.fail(
          TensorError.argument(
            "recomputation", expected: "modules whose result is one tensor", got: Result.self))
        return compute()
      }
      // Result is Tensor: the closure is one that gives it.
      return recompute(isVerified: rule.isVerified, compute) as! Result
    }
  }
}
