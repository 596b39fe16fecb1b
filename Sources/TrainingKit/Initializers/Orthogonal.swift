extension Initializer {
  /// A random matrix whose rows, or columns where there are fewer of them, are orthogonal and of
  /// length `gain`: signals keep their length on the way through deep or recurrent networks.
  ///
  /// - Shape: `[outputs, …]`, all axes but the first taken together.
  /// - Numerics: decomposed in float64; halves are drawn in float32.
  /// - Errors: traps when the shape has less than two axes.
  /// - Source: Saxe et al. 2014, arXiv:1312.6120; signs by Mezzadri 2007, arXiv:math-ph/0609050.
  public static func orthogonal(gain: Double = 1) -> Self { Self(Orthogonal(gain: gain)) }
}

private struct Orthogonal: InitializerRule {
  let gain: Double

  var description: String { "orthogonal(gain: \(gain))" }

  func mistake(for shape: Shape) -> TensorError? {
    shape.rank < 2
      ? .shape("orthogonal", expected: "a weight of at least two axes", got: shape) : nil
  }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    let rows = shape[0], columns = shape.count / rows
    let drawn = generator.normal([rows, columns], dtype: dtype == .float64 ? dtype : .float32)
    let isWide = rows < columns
    let tall = isWide ? drawn.transposed() : drawn
    var matrix = Householder(tall.elements(), columns: tall.shape[1])
    let factor = Tensor(matrix.orthogonalFactor(), shape: tall.shape, dtype: .float64)
    return ((isWide ? factor.transposed() : factor) * gain).reshaped(shape).cast(to: dtype)
  }
}

/// The decomposition of a matrix of at least as many rows as columns into an orthogonal and an upper
/// triangular factor, by reflections.
///
/// - Source: Golub and Van Loan, "Matrix Computations", algorithm 5.2.1.
private struct Householder {
  /// Row by row, so that inner loops run along memory.
  private var matrix: [[Double]]
  private let columns: Int
  /// Of each reflection x → x − 2 v (v · x) / (v · v): v / ‖v‖ from its row on.
  private var reflectors: [[Double]] = []

  init(_ elements: [Double], columns: Int) {
    self.columns = columns
    matrix = stride(from: 0, to: elements.count, by: columns).map {
      Array(elements[$0..<($0 + columns)])
    }
  }

  /// The orthogonal factor that goes with a triangular one whose diagonal is positive, row by row.
  mutating func orthogonalFactor() -> [Double] {
    var signs: [Double] = []
    for k in 0..<columns {
      var v = matrix[k...].map { $0[k] }
      let norm = length(v)
      // The reflected column is −sign · norm on the diagonal: nothing cancels.
      let sign = v[0] < 0 ? -1.0 : 1
      signs.append(norm > 0 ? -sign : 1)
      v[0] += sign * norm
      let scale = length(v)
      reflectors.append(scale > 0 ? v.map { $0 / scale } : v)
      reflect(by: k, from: k)
    }
    matrix = matrix.indices.map { row in
      (0..<columns).map { $0 == row ? signs[row] : 0 }
    }
    for k in (0..<columns).reversed() { reflect(by: k, from: k) }
    return matrix.flatMap(\.self)
  }

  /// Applies a reflection to the columns from `first` on.
  private mutating func reflect(by k: Int, from first: Int) {
    let v = reflectors[k]
    var products = [Double](repeating: 0, count: columns)
    for (row, factor) in zip(matrix[k...], v) {
      Self.add(row, times: factor, to: &products, from: first)
    }
    for (offset, factor) in v.enumerated() {
      Self.add(products, times: -2 * factor, to: &matrix[k + offset], from: first)
    }
  }

  private static func add(
    _ x: [Double], times factor: Double, to sum: inout [Double], from first: Int
  ) {
    for place in first..<sum.count { sum[place] += factor * x[place] }
  }

  private func length(_ v: [Double]) -> Double {
    v.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
