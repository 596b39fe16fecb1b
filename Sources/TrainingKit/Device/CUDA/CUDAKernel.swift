/// The text that a kernel is in.
enum CUDASource: String {
  case pointwise = "Pointwise.cu"
  case reduction = "Reduction.cu"
  case scan = "Scan.cu"
  case statistics = "Statistics.cu"
  case gather = "Gather.cu"
  case sort = "Sort.cu"
  case window = "Window.cu"
  case random = "Random.cu"
  case gemm = "Gemm.cu"
  case convolution = "Convolution.cu"
  case attention = "Attention.cu"
  case attentionTiles = "AttentionTiles.cu"
  case rows = "Rows.cu"
  case norms = "Norms.cu"
  case batchNorm = "BatchNorm.cu"
  case copy = "Copy.cu"
  case update = "Update.cu"
}

/// An instance of a kernel: what the compiler is asked for, and what tells it from all others.
///
/// `@unchecked Sendable`: what it points at lives for ever and is constant.
struct CUDAKernel: Hashable, @unchecked Sendable {
  /// An argument of a template.
  enum Word: Hashable {
    case type(DType)
    case number(Int)
    case flag(Bool)
    /// A string that lives for ever.
    case word(UnsafePointer<CChar>)
  }

  let source: CUDASource
  private let name: UnsafePointer<UInt8>
  private let words: (Word?, Word?, Word?, Word?, Word?, Word?)

  init(
    _ source: CUDASource, _ name: StaticString, _ a: Word? = nil, _ b: Word? = nil,
    _ c: Word? = nil, _ d: Word? = nil, _ e: Word? = nil, _ f: Word? = nil
  ) {
    self.source = source
    self.name = name.utf8Start
    words = (a, b, c, d, e, f)
  }

  private var list: [Word] {
    [words.0, words.1, words.2, words.3, words.4, words.5].compactMap(\.self)
  }

  /// The kernel as an expression of C++.
  var expression: String {
    let name = String(cString: name)
    return list.isEmpty ? name : name + "<" + list.map(\.text).joined(separator: ", ") + ">"
  }

  static func == (a: CUDAKernel, b: CUDAKernel) -> Bool {
    a.name == b.name && a.source == b.source && a.words.0 == b.words.0 && a.words.1 == b.words.1
      && a.words.2 == b.words.2 && a.words.3 == b.words.3 && a.words.4 == b.words.4
      && a.words.5 == b.words.5
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
    hasher.combine(words.4)
    hasher.combine(words.5)
  }
}

extension CUDAKernel.Word {
  fileprivate var text: String {
    switch self {
    case .type(let dtype): dtype.cudaName
    case .number(let number): String(number)
    case .flag(let flag): String(flag)
    case .word(let text): String(cString: text)
    }
  }
}

extension DType {
  /// The type of an element in kernels.
  fileprivate var cudaName: String {
    switch self {
    case .float32: "float"
    case .float64: "double"
    case .int32: "int32_t"
    default: description
    }
  }
}

/// The blocks of a launch, and the threads and bytes of each.
struct Grid {
  let x, y, z, threads, shared: Int

  /// - Parameter shared: the bytes of shared memory that a launch adds to what the kernel declares.
  init(x: Int, y: Int = 1, z: Int = 1, threads: Int, shared: Int = 0) {
    (self.x, self.y, self.z, self.threads, self.shared) = (x, y, z, threads, shared)
  }

  init(blocks: Int, threads: Int, shared: Int = 0) {
    self.init(x: blocks, threads: threads, shared: shared)
  }
}
