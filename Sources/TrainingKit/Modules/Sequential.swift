/// Modules one after the other: each takes what the one before it gives.
///
///     let model = Sequential {
///       Linear(64, 128)
///       LeakyReLU(0.01)
///       for _ in 0..<depth { Residual { Linear(128, 128); ReLU() } }
///       Linear(128, 10)
///     }
///
/// Paths of parameters count from 0: `0.weight`.
public final class Sequential: Module {
  /// The modules in the order of their use.
  public let modules: [any Module<Tensor, Tensor>]

  /// Creates a chain of the modules of an array.
  public init(_ modules: [any Module<Tensor, Tensor>]) { self.modules = modules }

  /// Creates a chain of the modules that the braces name.
  public convenience init(
    @SequentialBuilder _ modules: () -> [any Module<Tensor, Tensor>]
  ) {
    self.init(modules())
  }

  /// Applies all modules.
  public func forward(_ x: Tensor) -> Tensor { modules.reduce(x) { $1($0) } }
}

extension Sequential: CustomReflectable {
  /// The modules without a name of their own before their positions.
  public var customMirror: Mirror { Mirror(self, unlabeledChildren: modules) }
}

/// Makes a list of modules of what stands between braces; `if` and `for` work.
@resultBuilder
public enum SequentialBuilder {
  /// A module.
  public static func buildExpression(
    _ module: any Module<Tensor, Tensor>
  ) -> [any Module<Tensor, Tensor>] { [module] }

  /// Modules that exist already.
  public static func buildExpression(
    _ modules: [any Module<Tensor, Tensor>]
  ) -> [any Module<Tensor, Tensor>] { modules }

  /// Several lines.
  public static func buildBlock(
    _ parts: [any Module<Tensor, Tensor>]...
  ) -> [any Module<Tensor, Tensor>] { parts.flatMap(\.self) }

  /// A loop.
  public static func buildArray(
    _ parts: [[any Module<Tensor, Tensor>]]
  ) -> [any Module<Tensor, Tensor>] { parts.flatMap(\.self) }

  /// An `if` without `else`.
  public static func buildOptional(
    _ part: [any Module<Tensor, Tensor>]?
  ) -> [any Module<Tensor, Tensor>] { part ?? [] }

  /// The first branch of an `if` or `switch`.
  public static func buildEither(
    first part: [any Module<Tensor, Tensor>]
  ) -> [any Module<Tensor, Tensor>] { part }

  /// The other branches of an `if` or `switch`.
  public static func buildEither(
    second part: [any Module<Tensor, Tensor>]
  ) -> [any Module<Tensor, Tensor>] { part }
}

/// The input plus what the body makes of it: x + body(x).
///
/// - Source: He et al. 2016, arXiv:1512.03385.
public final class Residual: Module {
  /// What is added to the input.
  public let body: any Module<Tensor, Tensor>

  /// Creates the sum of the identity and a module.
  public init(_ body: any Module<Tensor, Tensor>) { self.body = body }

  /// Creates the sum of the identity and a chain of modules.
  public convenience init(
    @SequentialBuilder _ modules: () -> [any Module<Tensor, Tensor>]
  ) {
    self.init(Sequential(modules()))
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor { x + body(x) }
}
