internal import CTrainingKernels

/// What kernels would have done.
package struct PaperWork: Sendable, Hashable {
  /// Multiplications with additions in products of matrices of float32, halves among them, and of float64.
  package var products = 0, wideProducts = 0
  /// Bytes read and written by updates of parameters, and by everything else.
  package var updateBytes = 0, bytes = 0
  /// Calls of kernels.
  package var calls = 0
}

/// Counts the work of a device that does none.
final class PaperCounter: Sendable {
  private let work = Monitor(PaperWork())

  var total: PaperWork { work.withLock { $0 } }

  func pass(_ tensors: Tensor...) {
    let bytes = tensors.reduce(0) { $0 + $1.count * $1.dtype.byteCount }
    work.withLock { ($0.bytes, $0.calls) = ($0.bytes + bytes, $0.calls + 1) }
  }

  func update(_ update: ParameterUpdate) {
    switch update {
    case .plain(_, _, let parameter, let gradient, let states):
      pass([parameter] + states, gradient, drawn: 0)
    case .rounded(_, _, let weights, let gradient, let states):
      let operands = [weights] + states
      let drawn = operands.filter { $0.rounding == tk_round_stochastic }
      pass(
        operands.map(\.elements), gradient, drawn: drawn.reduce(0) { $0 + $1.elements.count })
    }
  }

  /// A pass of an update, which reads and writes tensors beside the gradient, and rounds some elements by random
  /// numbers. One of those takes about as long as 20 bytes.
  private func pass(_ tensors: [Tensor], _ gradient: Tensor, drawn: Int) {
    func bytes(_ tensor: Tensor) -> Int { tensor.count * tensor.dtype.byteCount }
    let sum = tensors.reduce(bytes(gradient)) { $0 + 2 * bytes($1) } + 20 * drawn
    work.withLock { ($0.updateBytes, $0.calls) = ($0.updateBytes + sum, $0.calls + 1) }
  }

  func product(_ count: Int, _ dtype: DType) {
    work.withLock { work in
      work.calls += 1
      if dtype == .float64 { work.wideProducts += count } else { work.products += count }
    }
  }
}
