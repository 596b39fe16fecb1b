/// What a column holds.
enum Column: Hashable {
  case step, epoch, skipped
  case quantity(Quantity)
}

/// Tells columns by the many names that training programs give them.
struct ColumnNames: Sendable {
  // Names that mean a loss of steps unless there is another, and a held-out loss unless there is another.
  private static let weakLoss: Set = [
    "train/loss", "loss/train", "training/loss", "train/train_loss_step",
  ]
  private static let weakValidation: Set = ["test_loss", "test/loss", "loss/test"]
  private var hasLoss = false
  private var hasValidation = false
  // The same few names come again with every row.
  private var known: [String: String] = [:]
  /// The first names that were asked for, one more than a message lists.
  private(set) var seen: [String] = []

  private static let columns: [String: Column] = {
    var columns: [String: Column] = [:]
    for (column, names) in names {
      for name in names.split(separator: " ") { columns[String(name)] = column }
    }
    return columns
  }()

  private static let names: [(Column, String)] = [
    (
      .step,
      "step steps global_step iter iteration itr it update num_updates n_iter train_step training_step "
        + "trainer/global_step train/global_step train/step train_iter"
    ),
    (.epoch, "epoch train/epoch"),
    (.skipped, "skipped skipped_iterations is_skipped overflow"),
    (
      .quantity(.loss),
      "loss lm_loss total_loss batch_loss train_loss_step training_loss train_batch_loss lm_loss_total nll_loss"
    ),
    (
      .quantity(.gradientNorm),
      "grad_norm gradient_norm gnorm norm global_norm global_grad_norm total_grad_norm grad_norm_total "
        + "train/grad_norm train_grad_norm gradnorm train/gradient_norm optim/total_grad_norm total_norm"
    ),
    (
      .quantity(.learningRate),
      "learning_rate lr train/learning_rate train_learning_rate train/lr train_lr lr_0 lr_adam lr_adamw lr_sgd "
        + "lr_group0 lr_pg0 optim/lr optim/learning_rate_group0"
    ),
    (
      .quantity(.lossScale),
      "loss_scale lossscale grad_scale train/loss_scale amp_scale scaler_scale"
    ),
    (.quantity(.clipFactor), "clip_factor clip_coef clip_coefficient train/clip_factor"),
    (
      .quantity(.trainLoss),
      "train_loss train_loss_epoch training_loss_epoch epoch_train_loss eval/train_loss train_eval_loss"
    ),
    (
      .quantity(.validationLoss),
      "validation_loss val_loss eval_loss valid_loss dev_loss heldout_loss held_out_loss validation/loss val/loss "
        + "eval/loss valid/loss dev/loss loss/val loss/validation loss/eval loss/valid val_loss_epoch "
        + "lm_loss_validation validation_loss_epoch"
    ),
    (.quantity(.seconds), "seconds step_seconds"), (.quantity(.waitSeconds), "wait_seconds"),
  ]

  /// The usual names of what findings rest on, for messages. A step alone tells nothing.
  static let known: String = names.compactMap { column, names -> String? in
    switch column {
    case .quantity(let quantity) where !quantity.isTime:
      names.split(separator: " ").first.map(String.init)
    default: nil
    }
  }.joined(separator: ", ")

  /// What a log without a known column should have had, for messages.
  static let expected = "a column of numbers named \(known) or another usual name of these"

  /// Columns as they are listed in a message.
  static func listed(_ found: some Collection<String>) -> String {
    let names = found.prefix(8).map { $0.utf8.unquotedExcerpt(24) }.joined(separator: ", ")
    return (names + (found.count > 8 ? ", …" : "")).utf8.unquotedExcerpt(100)
  }

  /// What a column of this name holds; nil when nobody here needs it.
  mutating func column(_ name: String) -> Column? {
    let name = known(name)
    if ColumnNames.weakLoss.contains(name) { return .quantity(hasLoss ? .trainLoss : .loss) }
    if ColumnNames.weakValidation.contains(name) {
      return hasValidation ? nil : .quantity(.validationLoss)
    }
    let column = ColumnNames.columns[name]
    if column == .quantity(.loss) { hasLoss = true }
    if column == .quantity(.validationLoss) { hasValidation = true }
    return column
  }

  /// What the columns of these names hold, where the plainer names come first in their claims.
  mutating func columns(_ names: [String]) -> [Column?] {
    for name in names { _ = column(name) }
    return names.map { column($0) }
  }

  private mutating func known(_ name: String) -> String {
    if let known = known[name] { return known }
    if seen.count < 9 { seen.append(name) }
    let normalised = ColumnNames.normalised(name)
    if known.count < 1_000 { known[name] = normalised }
    return normalised
  }

  /// Lower-case words joined by underscores, without wrappers: `Metrics/Grad Norm` is `grad_norm`.
  static func normalised(_ name: String) -> String {
    var text = ""
    for character in name.lowercased() {
      let isKept = character.isLetter || character.isNumber || character == "/"
      if isKept {
        text.append(character)
      } else if let last = text.last, last != "_", last != "/" {
        text.append("_")
      }
    }
    while text.last == "_" || text.last == "/" { text.removeLast() }
    for wrapper in ["metrics/", "data/", "scalars/", "values/"] where text.hasPrefix(wrapper) {
      text.removeFirst(wrapper.count)
    }
    return text
  }
}
