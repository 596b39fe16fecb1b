/// Which of its two labels an image of CIFAR-100 has.
public enum CIFAR100Label: Int, Sendable, Hashable {
  /// One of 20 groups of classes.
  case coarse
  /// One of 100 classes.
  case fine
}

extension TensorDataset {
  /// The images of CIFAR-10 in its binary version, from one or more files.
  ///
  /// - Shape: images uint8 [examples, 3, 32, 32] in the order red, green, blue; labels int64 [examples].
  /// - Errors: `DataError` when a file cannot be read or is not in this format. Traps when no file is given.
  /// - Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images".
  public static func cifar10(_ paths: [String]) throws(DataError) -> TensorDataset {
    try cifar(paths, CIFARFormat(classes: [10], label: 0))
  }

  /// The images of CIFAR-100 in its binary version, from one or more files.
  ///
  /// - Shape: images uint8 [examples, 3, 32, 32] in the order red, green, blue; labels int64 [examples].
  /// - Errors: `DataError` when a file cannot be read or is not in this format. Traps when no file is given.
  /// - Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images".
  public static func cifar100(
    _ paths: [String], label: CIFAR100Label = .fine
  ) throws(DataError) -> TensorDataset {
    try cifar(paths, CIFARFormat(classes: [20, 100], label: label.rawValue))
  }

  private static func cifar(
    _ paths: [String], _ format: CIFARFormat
  ) throws(DataError) -> TensorDataset {
    guard !paths.isEmpty else {
      Context.current.fail(
        TensorError.argument("CIFAR", expected: "the path of a file or more", got: "none"))
      return TensorDataset(inputs: .zeros([0, 3, 32, 32]), labels: .zeros([0], dtype: .int64))
    }
    var records: [Tensor] = []
    for path in paths {
      try records.append(format.records(FileReader.bytes(of: path), name: path))
    }
    return format.dataset(records)
  }
}

/// Records of a label or two, then the pixels of an image.
struct CIFARFormat {
  /// How many classes each label byte tells apart.
  let classes: [Int]
  /// Which of the label bytes is wanted.
  let label: Int

  private var recordSize: Int { classes.count + 3 * 32 * 32 }

  /// The records of a file, one a row.
  func records(_ bytes: [UInt8], name: String) throws(DataError) -> Tensor {
    guard bytes.count % recordSize == 0 else {
      throw DataError(
        name, expected: "records of \(recordSize) bytes", got: "\(bytes.count) bytes")
    }
    for record in stride(from: 0, to: bytes.count, by: recordSize) {
      for (place, limit) in classes.enumerated() where bytes[record + place] >= limit {
        throw DataError(
          name, at: .byte(record + place), expected: "a label below \(limit)",
          got: "\(bytes[record + place])")
      }
    }
    return Tensor(bytes, shape: [bytes.count / recordSize, recordSize])
  }

  func dataset(_ files: [Tensor]) -> TensorDataset {
    let records = files.count == 1 ? files[0] : concatenate(files)
    let pixels = records[.all, classes.count...].contiguous()
    return TensorDataset(
      inputs: pixels.reshaped([-1, 3, 32, 32]), labels: records[.all, label].cast(to: .int64))
  }
}
