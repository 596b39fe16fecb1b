internal import TrainingKit

/// Whether labels are classes that can be learned.
///
/// - Finds: labels outside of the model's classes, told apart from those that count from 1; batches in which no label
///   takes part; labels that are all the same, or nearly all; batches of one class each.
public struct LabelsAreClasses: PreflightCheck {
  /// `labels`
  public static let name = "labels"
  /// What it finds of a healthy run.
  public static let statement = "labels are the model's classes, and differ"

  /// Creates the check.
  public init() {}

  /// Counts the labels of all batches.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    guard subject.batches[0].y.dtype.isInteger else { return [] }
    let labels = subject.batches.flatMap { $0.y.elements(Int.self) }
    if let finding = Self.outside(subject) { return [finding] }
    guard let kind = LossKind(subject.pass), [.crossEntropy, .likelihood].contains(kind) else {
      return []
    }
    let counted = labels.filter { $0 != Prediction.ignored }
    if counted.isEmpty || isEmpty(subject.pass) {
      return [
        subject.finding(
          .unusableLabels, .emptyBatches, .fault, 1, ["labels": Double(labels.count)],
          remedy: "give the loss labels that take part: all are ignored", place: "labels")
      ]
    }
    return order(subject) ?? balance(counted, subject)
  }

  /// Batches of one class each, but not of the same one.
  private func order(_ subject: PreflightSubject) -> [Finding]? {
    let classes = subject.batches.map {
      Set($0.y.elements(Int.self).filter { $0 != Prediction.ignored })
    }
    let seen = Set(classes.joined())
    guard subject.batches.allSatisfy({ $0.y.count >= 8 }), seen.count > 1,
      2 * classes.count(where: { $0.count == 1 }) > classes.count
    else { return nil }
    return [
      subject.finding(
        .unusableLabels, .dataOrder, .warning, 0.95,
        ["batches": Double(classes.count), "classes_seen": Double(seen.count)],
        remedy: "shuffle the examples: each batch has labels of one class", place: "labels")
    ]
  }

  /// Nothing that counts has a loss of exactly zero without gradients.
  private func isEmpty(_ pass: PreflightPass) -> Bool {
    pass.loss == 0 && pass.gradients.map { $0.globalNorm == 0 } ?? false
  }

  /// Labels that the loss refused. Those that it took are classes, or ignored.
  static func outside(_ subject: PreflightSubject) -> Finding? {
    guard subject.pass.mistake?.kind == .index, let prediction = Prediction(subject.pass) else {
      return nil
    }
    let classes = prediction.classes
    let labels = prediction.labels.filter { $0 != Prediction.ignored }
    let wrong = labels.filter { !(0..<classes).contains($0) }
    guard !wrong.isEmpty, let least = labels.min(), let largest = labels.max() else { return nil }
    let isShifted = least == 1 && largest == classes || least == -1 && largest < classes - 1
    return subject.finding(
      .unusableLabels, isShifted ? .shiftedLabels : .labelsOutOfRange, .fault, 0.99,
      [
        "least": Double(least), "largest": Double(largest), "classes": Double(classes),
        "share": Double(wrong.count) / Double(labels.count),
      ],
      remedy: isShifted
        ? "count classes from 0: \(least == 1 ? "subtract 1 from" : "add 1 to") every label; or give the loss the "
          + "label that it is to ignore"
        : "give the model as many outputs as there are classes, or label what is to be ignored \(Prediction.ignored)",
      place: "labels")
  }

  private func balance(_ labels: [Int], _ subject: PreflightSubject) -> [Finding] {
    let counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
    let share = Double(counts.values.max()!) / Double(labels.count)
    // By chance eight labels of two classes are alike once in 128 times; fewer say nothing.
    let isConstant = counts.count == 1 && labels.count >= 8
    let isSkewed = share >= 0.97 && labels.count >= 200
    guard isConstant || isSkewed else { return [] }
    return [
      subject.finding(
        .unusableLabels, isConstant ? .constantLabels : .classImbalance, .warning,
        isConstant ? 0.9 : 0.7,
        [
          "majority_share": share, "labels": Double(labels.count),
          "classes_seen": Double(counts.count),
        ],
        remedy: isConstant
          ? "look at how labels are read and shuffle the data: there is one class only"
          : "weight the classes or draw them evenly, and judge by more than the share of right answers",
        test: isConstant ? "count the labels of the whole data set" : nil, place: "labels")
    ]
  }
}
