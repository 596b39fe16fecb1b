internal import TrainingKit

/// What `training plan` is asked to do.
struct PlanSettings {
  var model = "gpt2"
  var batchSizes = [1, 4, 16]
  var precisions = [TrainSettings.PrecisionName.float32, .bfloat16]
  var optimizers = [OptimizerChoice.adamw]
  var states = [TrainSettings.StateName.float32]
  /// Nil for both, where the model has blocks.
  var recomputations: [Bool]?
  var length: Int?
  var budget: Int?
  var threads: Int?
  var picture: String?
  var json: String?
}

extension PlanSettings {
  static var options: [Option<PlanSettings>] {
    [
      Option(
        "--model", "NAME",
        help:
          "\(PlannedModel.names.joined(separator: ", ")), or a file of JSON such as\n"
          + "{\"type\": \"gpt\", \"vocabulary\": 256, \"context\": 128, \"features\": 64, \"heads\": 4, "
          + "\"layers\": 4}, with the type bert likewise, or\n"
          + "{\"type\": \"mlp\", \"sizes\": [64, 128, 10]} (default gpt2)", \.model
      ) { word throws(UsageError) in word },
      Option("--batch-size", "LIST", help: "sizes of batches (default 1,4,16)", \.batchSizes) {
        word throws(UsageError) in try Values.list(word, Values.size)
      },
      Option(
        "--length", "N", help: "tokens of a sequence (default: the model's context)", \.length
      ) { word throws(UsageError) in try Values.size(word) },
      Option(
        "--precision", "LIST",
        help: "\(Values.names(TrainSettings.PrecisionName.self)) (default float32,bfloat16)",
        \.precisions
      ) { word throws(UsageError) in try Values.list(word, Values.choice) },
      Option(
        "--optimizer", "LIST", help: "as those of training train (default adamw)", \.optimizers
      ) { word throws(UsageError) in try Values.list(word, Values.choice) },
      Option(
        "--optimizer-state", "LIST",
        help:
          "what moments are kept in: \(Values.names(TrainSettings.StateName.self)) (default float32)",
        \.states
      ) { word throws(UsageError) in try Values.list(word, Values.choice) },
      Option(
        "--recompute", "LIST",
        help:
          "whether blocks keep nothing for the backward pass: no, yes (default no,yes; no for models without blocks)",
        \.recomputations
      ) { word throws(UsageError) in try Values.list(word, Values.flag) },
      Option(
        "--budget", "SIZE", help: "marks what fits, such as 24GB or 16GiB", \.budget
      ) { word throws(UsageError) in try Values.bytes(word) },
      Option(
        "--threads", "N", help: "threads, each of which has a buffer (default: all cores)",
        \.threads
      ) { word throws(UsageError) in try Values.count(word) },
      Option(
        "--svg", "FILE", help: "draw the memory of the last line's steps over time", \.picture
      ) { word throws(UsageError) in word },
      Option("--json", "FILE", help: "write the table for machines", \.json) {
        word throws(UsageError) in word
      },
    ]
  }

  static var help: String {
    """
    usage: training plan [options]

    Plans the memory that training a model needs, to the byte, without taking it: two steps run on a
    device without data, for every combination of the lists. The columns behind the peak tell who
    holds how much of it at that moment.

    \(Option.help(options))

    exit status:
      0 planned, whether it fits or not; 64 usage, 65 malformed model, 73 output cannot be written
    """
  }
}

extension Values {
  /// Values between commas.
  static func list<Value>(
    _ word: String, _ parse: (String) throws(UsageError) -> Value
  ) throws(UsageError) -> [Value] {
    var values: [Value] = []
    for part in word.split(separator: ",", omittingEmptySubsequences: false) {
      values.append(try parse(String(part)))
    }
    return values
  }

  static func flag(_ word: String) throws(UsageError) -> Bool {
    guard ["yes", "no"].contains(word) else {
      throw UsageError("expected yes or no, got \(word)")
    }
    return word == "yes"
  }
}
