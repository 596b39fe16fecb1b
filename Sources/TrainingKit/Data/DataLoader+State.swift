extension DataLoader {
  /// Where a loader stands: what a checkpoint keeps to go on with the very next batch.
  public struct State: Sendable, Hashable, Codable {
    /// What a state belongs to.
    struct Data: Sendable, Hashable, Codable {
      var examples, examplesPerEpoch, batchSize: Int
    }

    /// The number of the epoch, from 0.
    public var epoch: Int
    /// The batches of the epoch that were handed out.
    public var batch: Int
    /// What determines the orders and what transforms draw; a loader takes it over with the state.
    public var seed: UInt64
    /// The generator at the start of the epoch, for loaders that were given one.
    public var generator: RandomState?
    /// The same generator now, which others may draw from too.
    public var currentGenerator: RandomState?
    let data: Data
  }

  /// Why the loader cannot go on from a state.
  func mistake(in state: State) -> TensorError? {
    func error(_ expected: String, _ got: String) -> TensorError {
      .argument("DataLoader.state", expected: expected, got: got)
    }
    if state.data != self.state.data {
      return error("a state over \(self.state.data)", "one over \(state.data)")
    }
    let isWithGenerator = generator != nil
    if [state.generator, state.currentGenerator].contains(where: { ($0 != nil) != isWithGenerator })
    {
      let (with, without) = ("one with a generator", "one without a generator")
      return isWithGenerator ? error(with, without) : error(without, with)
    }
    if state.epoch < 0 || !(0...batchCount).contains(state.batch) {
      return error(
        "an epoch of 0 or more and a batch from 0 to \(batchCount)",
        "\(state.epoch) and \(state.batch)")
    }
    return nil
  }
}

extension DataLoader.State.Data: CustomStringConvertible {
  var description: String {
    "\(examples) examples, \(examplesPerEpoch) an epoch in batches of \(batchSize)"
  }
}
