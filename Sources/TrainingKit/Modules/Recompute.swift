/// Computes `body` and keeps none of its intermediate values: the backward pass computes them again.
///
///     let y = recompute { block(x) }
///
/// It trades time for memory: what `body` computes on its way is in memory only while it runs, forward and backward.
/// Whatever it uses may be captured.
///
/// - Parameter isVerified: whether the second result is compared with the first, bit by bit, which keeps the first.
/// - Numerics: the same bits as without. The current random generator and buffers are taken back to where they stood
///   for the second run, and what the first made of them stays. Only where a tensor is used in several places, the
///   order in which its gradients are added may be another, and in an autocast the sum is in float32.
/// - Gradient: that of `body`, also of higher orders. The backward pass has to run on the thread of the forward pass.
/// - Errors: traps when the second run has a result of another shape or dtype or uses other tensors than the first,
///   or another result when verified.
/// - Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174.
public func recompute(isVerified: Bool = false, _ body: @escaping () -> Tensor) -> Tensor {
  let context = Context.current
  guard context.isRecording else { return body() }
  let pass = RecomputedPass(body, in: context)
  let (result, boundary) = pass.first()
  guard let origin = result.origin, !boundary.contains(where: { $0 === origin }) else {
    return result
  }
  let output = result.detached()
  let recompute = Recompute(pass: pass, expected: isVerified ? output : output.hollow)
  let inputs = boundary.map {
    Tensor(storage: nil, layout: output.layout, dtype: output.dtype, origin: $0)
  }
  return output.with(
    origin: Node(recompute, inputs: Operands(inputs), output: output.hollow, in: context))
}

/// The graph's view of a pass that is run again for its gradient.
///
/// `@unchecked Sendable`: `backward` uses the pass only on the thread that made it, and reports a mistake on others.
private struct Recompute: Differentiable, @unchecked Sendable {
  let pass: RecomputedPass
  /// The first result; hollow where only its shape is compared.
  let expected: Tensor

  var name: String { "recompute" }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let none = inputs.slopes { _ in nil }
    let context = Context.current
    guard context.identity === pass.thread else {
      context.fail(
        TensorError(
          .argument, name, expected: "the backward pass on the thread of the forward pass",
          got: "it on another"))
      return none
    }
    let origins = inputs.map { $0.origin! }
    let isRecorded = context.isRecording
    let (result, boundary) = pass.again()
    guard isExpected(result, boundary, origins, context) else {
      return none
    }
    let pass = Backward(from: consume result, within: origins)
    let found = pass.run(seed: gradient, for: origins, chargedTo: nil, isRecorded: isRecorded) {
      $0 + $1
    }
    return Slopes(found)
  }

  private func isExpected(
    _ result: Tensor, _ boundary: [Origin], _ origins: [Origin],
    _ context: Context
  ) -> Bool {
    if context.hasFailed { return false }
    func fail(_ expected: String, _ got: String) -> Bool {
      context.replaying(in: pass.modules) {
        context.fail(TensorError(.argument, name, expected: expected, got: got))
      }
      return false
    }
    guard result.shape == expected.shape, result.dtype == expected.dtype else {
      return fail(
        "\(expected.dtype) of \(expected.shape) again", "\(result.dtype) of \(result.shape)")
    }
    guard boundary.elementsEqual(origins, by: ===) else {
      return fail(
        "\(origins.count) tensors with gradients to be used again", "\(boundary.count), or others")
    }
    guard expected.isHollow || result.detached().isIdentical(to: expected) else {
      return fail("the same result again", "another")
    }
    return true
  }
}

/// A computation with everything around it that its result depends on.
private final class RecomputedPass {
  let context: Context
  /// The thread that the context is of: nobody looks at it on others.
  let thread: ContextIdentity
  let modules: [AnyObject]
  private let body: () -> Tensor
  private let autocast: Autocast?
  private let generator = RandomGenerator.current
  private let random: RandomState
  private var writes: [any Undoable] = []

  init(_ body: @escaping () -> Tensor, in context: Context) {
    (self.body, self.context, thread) = (body, context, context.identity)
    (modules, autocast, random) = (context.modules, context.autocast, generator.state)
  }

  /// Runs the body for the first time.
  func first() -> (result: Tensor, boundary: [Origin]) {
    let outer = context.writes
    context.writes = []
    defer {
      writes = context.writes ?? []
      context.writes = outer.map { $0 + writes }
    }
    return run()
  }

  /// Runs the body again from where things stood, and leaves them as they are now.
  func again() -> (result: Tensor, boundary: [Origin]) {
    let (now, outer) = (generator.state, context.writes)
    context.writes = nil
    generator.state = random
    writes.reversed().forEach { $0.undo() }
    context.writes = []
    defer {
      let own = context.writes ?? []
      context.writes = nil
      own.reversed().forEach { $0.undo() }
      writes.forEach { $0.redo() }
      context.writes = outer
      generator.state = now
    }
    return context.replaying(in: modules) { withRandomGenerator(generator) { run() } }
  }

  /// Casts of weights are made anew, so that both runs end at the weights themselves.
  private func run() -> (result: Tensor, boundary: [Origin]) {
    let piece = GraphPiece()
    let result = context.autocasting(autocast?.renewed()) { context.recording(piece, body) }
    return (result, piece.boundary(from: result))
  }
}
