import TestSupport
import TrainingKit

/// How the operations of the fixtures are called here.
enum FixtureOperations {
  typealias Call = @Sendable (FixtureCall) -> [Tensor]

  static let all: [String: Call] = pointwise.merging(folds) { $1 }.merging(products) { $1 }
    .merging(rows) { $1 }.merging(shapes) { $1 }.merging(losses) { $1 }.merging(networks) { $1 }
}

/// The inputs of a case by name, and its attributes.
struct FixtureCall {
  let inputs: [Tensor]
  let names: [String?]
  let attributes: [String: FixtureAttribute]

  subscript(name: String) -> Tensor { optional(name)! }

  func optional(_ name: String) -> Tensor? {
    names.firstIndex { $0 == name }.map { inputs[$0] }
  }

  func number(_ name: String) -> Double { attributes[name]!.number }
  func int(_ name: String) -> Int { attributes[name]!.int }
  func ints(_ name: String) -> [Int] { attributes[name]!.ints }
  func flag(_ name: String) -> Bool { attributes[name]?.flag ?? false }

  /// One number for one axis, two for two.
  func size(_ name: String) -> Size2 {
    let numbers = ints(name)
    return numbers.count == 1 ? Size2(numbers[0]) : Size2(numbers[0], numbers[1])
  }
}

extension FixtureOperations {
  private static func unary(_ function: @escaping @Sendable (Tensor) -> Tensor) -> Call {
    { [function($0.inputs[0])] }
  }

  /// The second operand is a tensor, or a number of the kind that the case names.
  private static func binary(_ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> Call {
    { call in
      let a = call.inputs[0]
      guard let scalar = call.attributes["scalar"]?.number else {
        return [function(a, call.inputs[1])]
      }
      let isInteger = call.attributes["scalarKind"]?.text == "int"
      return [function(a, isInteger ? a.scalar(Int(scalar)) : a.scalar(scalar))]
    }
  }

  static let pointwise: [String: Call] = [
    "neg": unary { -$0 }, "abs": unary { $0.abs() }, "sign": unary { $0.sign() },
    "exp": unary { $0.exp() }, "expm1": unary { $0.expm1() }, "log": unary { $0.log() },
    "log1p": unary { $0.log1p() }, "sqrt": unary { $0.sqrt() }, "rsqrt": unary { $0.rsqrt() },
    "square": unary { $0.square() }, "reciprocal": unary { $0.reciprocal() },
    "sin": unary { $0.sin() }, "cos": unary { $0.cos() }, "tanh": unary { $0.tanh() },
    "sigmoid": unary { $0.sigmoid() }, "erf": unary { $0.erf() }, "floor": unary { $0.floor() },
    "ceil": unary { $0.ceil() }, "round": unary { $0.round() }, "relu": unary { $0.relu() },
    "selu": unary { $0.selu() }, "gelu": unary { $0.gelu() }, "geluTanh": unary { $0.gelu(.tanh) },
    "silu": unary { $0.silu() }, "mish": unary { $0.mish() }, "softsign": unary { $0.softsign() },
    "hardswish": unary { $0.hardswish() }, "hardsigmoid": unary { $0.hardsigmoid() },
    "relu6": unary { $0.relu6() }, "logSigmoid": unary { $0.logSigmoid() },
    "isNaN": unary { $0.isNaN() }, "isFinite": unary { $0.isFinite() },
    "logicalNot": unary { $0.logicalNot() },
    "leakyReLU": { [$0.inputs[0].leakyReLU(slope: $0.number("negativeSlope"))] },
    "elu": { [$0.inputs[0].elu(alpha: $0.number("alpha"))] },
    "celu": { [$0.inputs[0].celu(alpha: $0.number("alpha"))] },
    "softplus": {
      [$0.inputs[0].softplus(beta: $0.number("beta"), threshold: $0.number("threshold"))]
    },
    "hardtanh": { [$0.inputs[0].hardtanh(min: $0.number("lower"), max: $0.number("upper"))] },
    "threshold": { [$0.inputs[0].threshold($0.number("threshold"), value: $0.number("value"))] },
    "softshrink": { [$0.inputs[0].softshrink(lambda: $0.number("lambda"))] },
    "hardshrink": { [$0.inputs[0].hardshrink(lambda: $0.number("lambda"))] },
    "clamp": {
      [
        $0.inputs[0].clamped(
          min: $0.attributes["lower"]?.number ?? -.infinity,
          max: $0.attributes["upper"]?.number ?? .infinity)
      ]
    },
    "prelu": { [$0["input"].prelu($0["weight"])] },
    "where": { [which($0["condition"], $0["a"], $0["b"])] },
    "add": binary(+), "sub": binary(-), "mul": binary(*), "div": binary(/),
    "pow": { call in
      let base = call.inputs[0]
      if let exponent = call.attributes["scalar"]?.number { return [base.pow(exponent)] }
      return [base.pow(call.inputs[1])]
    },
    "minimum": binary { $0.minimum($1) }, "maximum": binary { $0.maximum($1) },
    "atan2": binary { $0.atan2($1) }, "remainder": binary { $0.remainder(dividingBy: $1) },
    "floorDivide": binary { $0.floorDivided(by: $1) },
    "equal": binary { $0 .== $1 }, "notEqual": binary { $0 .!= $1 }, "less": binary { $0 .< $1 },
    "lessEqual": binary { $0 .<= $1 }, "greater": binary { $0 .> $1 },
    "greaterEqual": binary { $0 .>= $1 }, "logicalAnd": binary { $0 .& $1 },
    "logicalOr": binary { $0 .| $1 }, "logicalXor": binary { $0 .^ $1 },
  ]

  private static func fold(
    _ function:
      @escaping @Sendable (Tensor, _ axes: [Int]?, _ keepDims: Bool, FixtureCall) -> Tensor
  ) -> Call {
    { [function($0.inputs[0], $0.attributes["axes"]?.ints, $0.flag("keepDims"), $0)] }
  }

  static let folds: [String: Call] = [
    "sum": fold { x, axes, keep, _ in x.sum(axes: axes, keepDims: keep) },
    "mean": fold { x, axes, keep, _ in x.mean(axes: axes, keepDims: keep) },
    "product": fold { x, axes, keep, _ in x.product(axes: axes, keepDims: keep) },
    "max": fold { x, axes, keep, _ in x.max(axes: axes, keepDims: keep) },
    "min": fold { x, axes, keep, _ in x.min(axes: axes, keepDims: keep) },
    "any": fold { x, axes, keep, _ in x.any(axes: axes, keepDims: keep) },
    "all": fold { x, axes, keep, _ in x.all(axes: axes, keepDims: keep) },
    "logSumExp": fold { x, axes, keep, _ in x.logSumExp(axes: axes, keepDims: keep) },
    "variance": fold { x, axes, keep, call in
      x.variance(axes: axes, correction: call.int("correction"), keepDims: keep)
    },
    "standardDeviation": fold { x, axes, keep, call in
      x.standardDeviation(axes: axes, correction: call.int("correction"), keepDims: keep)
    },
    "norm": fold { x, axes, keep, call in x.norm(call.number("p"), axes: axes, keepDims: keep) },
    "argmax": {
      [$0.inputs[0].argmax(axis: $0.attributes["axis"]?.int, keepDims: $0.flag("keepDims"))]
    },
    "argmin": {
      [$0.inputs[0].argmin(axis: $0.attributes["axis"]?.int, keepDims: $0.flag("keepDims"))]
    },
    "cumulativeSum": { [$0.inputs[0].cumulativeSum(axis: $0.int("axis"))] },
  ]

  static let products: [String: Call] = [
    "matmul": { [$0["a"].matmul($0["b"])] },
    "conv1d": {
      [
        $0["input"].conv1d(
          $0["weight"], bias: $0.optional("bias"), stride: $0.ints("stride")[0],
          padding: .by($0.ints("padding")[0]), dilation: $0.ints("dilation")[0],
          groups: $0.int("groups"))
      ]
    },
    "conv2d": {
      [
        $0["input"].conv2d(
          $0["weight"], bias: $0.optional("bias"), stride: $0.size("stride"),
          padding: .by($0.size("padding")), dilation: $0.size("dilation"),
          groups: $0.int("groups"))
      ]
    },
    "convTranspose1d": {
      [
        $0["input"].convTranspose1d(
          $0["weight"], bias: $0.optional("bias"), stride: $0.ints("stride")[0],
          padding: $0.ints("padding")[0], outputPadding: $0.ints("outputPadding")[0],
          dilation: $0.ints("dilation")[0], groups: $0.int("groups"))
      ]
    },
    "convTranspose2d": {
      [
        $0["input"].convTranspose2d(
          $0["weight"], bias: $0.optional("bias"), stride: $0.size("stride"),
          padding: $0.size("padding"), outputPadding: $0.size("outputPadding"),
          dilation: $0.size("dilation"), groups: $0.int("groups"))
      ]
    },
    "maxPool1d": {
      [
        $0.inputs[0].maxPool1d(
          kernel: $0.ints("kernelSize")[0], stride: $0.ints("stride")[0],
          padding: $0.ints("padding")[0], dilation: $0.ints("dilation")[0])
      ]
    },
    "maxPool2d": {
      [
        $0.inputs[0].maxPool2d(
          kernel: $0.size("kernelSize"), stride: $0.size("stride"), padding: $0.size("padding"),
          dilation: $0.size("dilation"))
      ]
    },
    "avgPool1d": {
      [
        $0.inputs[0].avgPool1d(
          kernel: $0.ints("kernelSize")[0], stride: $0.ints("stride")[0],
          padding: $0.ints("padding")[0], countIncludesPadding: $0.flag("countIncludePad"))
      ]
    },
    "avgPool2d": {
      [
        $0.inputs[0].avgPool2d(
          kernel: $0.size("kernelSize"), stride: $0.size("stride"), padding: $0.size("padding"),
          countIncludesPadding: $0.flag("countIncludePad"))
      ]
    },
    "adaptiveAvgPool2d": { [$0.inputs[0].adaptiveAvgPool2d($0.size("outputSize"))] },
    "adaptiveMaxPool2d": { [$0.inputs[0].adaptiveMaxPool2d($0.size("outputSize"))] },
  ]
}
