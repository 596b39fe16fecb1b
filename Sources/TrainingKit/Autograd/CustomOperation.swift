/// A function of tensors with a gradient of its own, for users to define.
///
///     struct Doubled: CustomOperation {
///       let name = "doubled"
///       func forward(_ inputs: [Tensor]) -> Tensor { inputs[0] * 2 }
///       func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] {
///         [gradient * 2]
///       }
///     }
///     let y = Doubled()(x)
///
/// It is one node of the graph, whatever `forward` is made of; inputs and output stay in memory
/// until the backward pass. `checkGradients(of:at:)` tells whether the gradient is right.
public protocol CustomOperation: Sendable {
  /// The name in messages and findings.
  var name: String { get }

  /// The result. Nothing in here is recorded.
  func forward(_ inputs: [Tensor]) -> Tensor

  /// The product of `gradient`, which has the shape of the output, with the derivative with respect
  /// to each input; nil where no gradient flows.
  ///
  /// - Gradient: what is written in tensor operations on `gradient`, `inputs` and `output` can be
  ///   differentiated again.
  func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?]
}

extension CustomOperation {
  /// The name of the type.
  public var name: String { "\(Self.self)" }

  /// Applies the operation and records it.
  ///
  /// - Errors: traps in the backward pass when that does not return one gradient of the right shape
  ///   for each input.
  public func callAsFunction(_ inputs: Tensor...) -> Tensor { apply(to: inputs) }

  /// Applies the operation to a list of inputs and records it.
  public func apply(to inputs: [Tensor]) -> Tensor {
    let output = withoutGradients { forward(inputs) }
    return CustomGradient(custom: self).recorded(
      output.detached(), of: Operands(inputs), in: .current)
  }
}

/// What the graph knows of a custom operation.
private struct CustomGradient: Differentiable {
  let custom: any CustomOperation

  var name: String { custom.name }
  var saves: Saved { [.inputs, .output] }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let parts = custom.backward(gradient, inputs: Array(inputs), output: output)
    do throws(TensorError) {
      try check(parts, inputs)
      return Slopes(zip(parts, inputs).map { $1.requiresGradient ? $0 : nil })
    } catch {
      Context.current.fail(error)
      return inputs.slopes { _ in nil }
    }
  }

  private func check(_ parts: [Tensor?], _ inputs: Operands) throws(TensorError) {
    guard parts.count == inputs.count else {
      throw .argument("\(name).backward", expected: "\(inputs.count) gradients", got: parts.count)
    }
    for (part, input) in zip(parts, inputs) {
      guard let part, input.requiresGradient else { continue }
      guard part.shape == input.shape else {
        throw .shape("\(name).backward", expected: "a gradient of \(input.shape)", got: part.shape)
      }
      guard part.dtype == input.dtype else {
        throw .dtype("\(name).backward", expected: "a gradient of \(input.dtype)", got: part.dtype)
      }
    }
  }
}
