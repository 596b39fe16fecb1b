/// Makes the guessing game of a masked language model: hides some tokens and says what they were.
///
///     let masking = TokenMasking(vocabulary: 30_522, maskToken: 103, special: [0, 101, 102])
///     let (inputs, labels) = masking(tokens)
///
/// Of the tokens that are chosen, most become the mask token, some another token, and the rest stay,
/// so that the model cannot rely on seeing the mask token.
///
/// - Source: Devlin et al. 2019, arXiv:1810.04805, appendix A.1.
public struct TokenMasking: Sendable {
  private let ordinary: [Int]
  private let special: Set<Int>
  private let maskToken: Int
  private let share, maskedShare, replacedShare: Double

  /// Creates a rule.
  ///
  /// - Parameters:
  ///   - vocabulary: how many tokens there are.
  ///   - special: tokens that are never chosen and never stand in for others; the mask token is one.
  ///   - share: the probability that a token is chosen.
  ///   - maskedShare: of those chosen, how many become the mask token.
  ///   - replacedShare: of those chosen, how many become any ordinary token.
  /// - Errors: traps when shares are not in 0 … 1, those of the chosen ones add up to more, or every
  ///   token is special.
  public init(
    vocabulary: Int, maskToken: Int, special: [Int] = [], share: Double = 0.15,
    maskedShare: Double = 0.8, replacedShare: Double = 0.1
  ) {
    (self.maskToken, self.special) = (maskToken, Set(special + [maskToken]))
    ordinary = (0..<max(0, vocabulary)).filter { [s = self.special] in !s.contains($0) }
    (self.share, self.maskedShare, self.replacedShare) = (share, maskedShare, replacedShare)
    let shares = [share, maskedShare, replacedShare, maskedShare + replacedShare]
    if !shares.allSatisfy((0...1).contains) {
      Context.current.fail(
        TensorError.argument("TokenMasking", expected: "shares in 0 … 1", got: shares))
    }
    if ordinary.isEmpty {
      Context.current.fail(
        TensorError.argument("TokenMasking", expected: "tokens that are not special", got: special))
    }
  }

  /// Tokens with some hidden, and labels: the token where one was chosen, −100 elsewhere, which
  /// losses ignore.
  ///
  /// - Shape: whole numbers of any shape → two of the same; int64.
  public func callAsFunction(
    _ tokens: Tensor, generator: RandomGenerator = .current
  ) -> (inputs: Tensor, labels: Tensor) {
    let tokens = tokens.cast(to: .int64)
    func lot() -> Tensor { generator.uniform(tokens.shape, dtype: .float64) }
    let isChosen = special.reduce(lot() .< share) { $0 .& (tokens .!= $1) }
    let fate = lot()
    let others = Tensor(ordinary).taking(generator.integers(tokens.shape, in: 0..<ordinary.count))
    let replaced = which(fate .< maskedShare + replacedShare, others, tokens)
    let hidden = which(fate .< maskedShare, Tensor(maskToken), replaced)
    return (which(isChosen, hidden, tokens), which(isChosen, tokens, Tensor(-100)))
  }
}
