extension GPT {
  /// The prompt and what the model goes on with, token by token; nothing is dropped or recorded.
  ///
  /// Each token is drawn with the probability that the model gives it after the last `context`
  /// tokens, which pass through the model anew each time.
  ///
  /// - Shape: whole numbers `[batch, length]` → `[batch, length + count]`.
  /// - Parameters:
  ///   - temperature: what scores are divided by: below 1 likely tokens become likelier, and at 0
  ///     only the likeliest is taken.
  ///   - topK: how many of the likeliest tokens may be drawn; all when nil.
  ///   - generator: where random numbers come from.
  /// - Errors: traps when the prompt is empty, the count or the temperature is negative, or `topK` is
  ///   not in 1 … vocabulary.
  public func generate(
    _ prompt: Tensor, count: Int, temperature: Double = 1, topK: Int? = nil,
    generator: RandomGenerator = .current
  ) -> Tensor {
    do throws(TensorError) {
      try check(prompt, count, temperature, topK)
    } catch {
      Context.current.fail(error)
      return prompt
    }
    return withoutGradients {
      evaluating {
        (0..<count).reduce(prompt.cast(to: .int64)) { tokens, _ in
          let logits = nextLogits(tokens)
          guard !logits.isHollow else { return tokens }
          let next = logits.cast(to: .float64).keeping(largest: topK)
            .sampled(temperature: temperature, generator)
          return concatenate([tokens, next], axis: 1)
        }
      }
    }
  }

  /// `[batch, vocabulary]`: the scores behind the last token.
  private func nextLogits(_ tokens: Tensor) -> Tensor {
    Context.current.entering(self) {
      head(encoded(tokens[.all, (-min(tokens.shape[1], configuration.context))...])[.all, -1])
    }
  }

  private func evaluating(_ body: () -> Tensor) -> Tensor {
    let modes = ModuleMembers(of: self).modes.map { ($0, $0.isTraining) }
    defer { for (mode, isTraining) in modes { mode.isTraining = isTraining } }
    evaluate()
    return body()
  }

  private func check(
    _ prompt: Tensor, _ count: Int, _ temperature: Double, _ topK: Int?
  ) throws(TensorError) {
    let name = "generate"
    guard prompt.rank == 2, prompt.shape[1] > 0, prompt.dtype.isInteger else {
      throw .argument(
        name, expected: "a prompt of whole numbers [batch, length]",
        got: "\(prompt.dtype) of \(prompt.shape)")
    }
    guard count >= 0 else { throw .argument(name, expected: "a count of 0 or more", got: count) }
    guard temperature >= 0, temperature.isFinite else {
      throw .argument(name, expected: "a temperature of 0 or more", got: temperature)
    }
    guard let topK, !(1...max(1, configuration.vocabulary)).contains(topK) else { return }
    throw .argument(name, expected: "topK in 1 … \(configuration.vocabulary)", got: topK)
  }
}

extension Tensor {
  /// Minus infinity in place of all but the largest elements of each row.
  fileprivate func keeping(largest count: Int?) -> Tensor {
    guard let count else { return self }
    let least = topK(count).values[.ellipsis, (count - 1)...]
    return which(self .< least, Tensor(-Double.infinity, dtype: dtype), self)
  }

  /// `[batch, 1]`: a place of each row, drawn with the probability of its softmax.
  fileprivate func sampled(temperature: Double, _ generator: RandomGenerator) -> Tensor {
    guard temperature > 0 else { return argmax(axis: -1, keepDims: true) }
    // The largest of scores with Gumbel noise is a draw from their softmax.
    let noise = -(-generator.uniform(shape, dtype: dtype).log()).log()
    return (self / temperature + noise).argmax(axis: -1, keepDims: true)
  }
}
