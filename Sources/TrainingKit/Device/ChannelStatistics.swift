/// What a batch says of each channel, in the dtype that statistics are computed in.
package struct ChannelStatistics: Sendable {
  package let mean: Tensor
  /// The biased one.
  package let variance: Tensor
  /// One over the root of the variance.
  package let root: Tensor
}
