/// The result of `body`, or a hollow tensor after reporting its mistake: how composed operations
/// check arguments.
func checked(_ body: () throws(TensorError) -> Tensor) -> Tensor {
  do throws(TensorError) {
    return try body()
  } catch {
    Context.current.fail(error)
    return Tensor.hollow(.scalar, .float32)
  }
}

extension Tensor {
  func expectFloatingPoint(_ operation: String) throws(TensorError) {
    guard dtype.isFloatingPoint else {
      throw .dtype(operation, expected: "a floating-point dtype", got: dtype)
    }
  }
}

extension TensorError {
  /// Throws unless a number is at least `least`.
  static func expect(
    _ value: Int, atLeast least: Int, _ what: String, _ operation: String
  ) throws(TensorError) {
    guard value >= least else {
      throw .argument(operation, expected: "a \(what) of at least \(least)", got: value)
    }
  }
}
