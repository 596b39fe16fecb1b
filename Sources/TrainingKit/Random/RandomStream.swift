internal import CTrainingKernels

/// A stream of random words in the form that the kernels take.
enum RandomStream: Sendable {
  case philox(tk_philox)
  indirect case mersenneTwister(tk_mersenne)

  /// The start of the stream of PyTorch's generator of this seed on the processor.
  init(mersenneTwister seed: UInt64) {
    var generator = tk_mersenne()
    tk_mersenne_seed(&generator, seed)
    self = .mersenneTwister(generator)
  }

  init(_ state: RandomState) {
    switch state.stream {
    case .philox(let key, let position):
      self = .philox(tk_philox(key: key, position: position))
    case .mersenneTwister(let words, let next, let spare):
      var generator = tk_mersenne()
      withUnsafeMutableBytes(of: &generator.words) { memory in
        words.withUnsafeBytes { memory.copyMemory(from: $0) }
      }
      generator.next = next
      generator.has_spare = spare != nil
      generator.spare = spare ?? 0
      self = .mersenneTwister(generator)
    }
  }

  var state: RandomState {
    switch self {
    case .philox(let generator):
      return RandomState(.philox(key: generator.key, position: generator.position))
    case .mersenneTwister(let generator):
      let words = withUnsafeBytes(of: generator.words) { Array($0.bindMemory(to: UInt32.self)) }
      return RandomState(
        .mersenneTwister(
          words: words, next: generator.next, spare: generator.has_spare ? generator.spare : nil))
    }
  }

  /// Runs `fill` on the Mersenne Twister, or hands out the Philox stream and moves on by `words`.
  mutating func draw(
    words: Int, _ fill: (UnsafeMutablePointer<tk_mersenne>) -> Void
  ) -> tk_philox? {
    switch self {
    case .philox(var generator):
      let start = generator
      // A position is that of a block of four words, and no two calls share one.
      generator.position &+= UInt64((words + 3) / 4)
      self = .philox(generator)
      return start
    case .mersenneTwister(var generator):
      fill(&generator)
      self = .mersenneTwister(generator)
      return nil
    }
  }
}
