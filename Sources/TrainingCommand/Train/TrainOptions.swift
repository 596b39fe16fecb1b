extension TrainSettings {
  static var options: [Option<TrainSettings>] {
    [
      Option("--csv", "FILE", help: "train on a table of numbers; the last column is the label") {
        (settings, words) throws(UsageError) in try settings.take(.csv(words[0]))
      },
      Option("--idx", "IMAGES", "LABELS", help: "train on images in MNIST's format, uncompressed") {
        (settings, words) throws(UsageError) in
        try settings.take(.idx(images: words[0], labels: words[1]))
      },
      Option("--text", "FILE", help: "train a small GPT on the bytes of a file and let it write") {
        (settings, words) throws(UsageError) in try settings.take(.text(words[0]))
      },
      Option(
        "--model", "NAME",
        help:
          "\(Values.names(ModelName.self))\n(default: cnn for images, mlp for tables, gpt for text)",
        \.model
      ) { word throws(UsageError) in try Values.choice(word) },
      Option("--hidden", "N", help: "width of hidden layers (default 128; 256 for mlp)", \.hidden) {
        word throws(UsageError) in try Values.size(word)
      },
      Option("--layers", "N", help: "blocks of the GPT (default 2)", \.layers, Values.size),
      Option("--context", "N", help: "bytes the GPT sees (default 64)", \.context, Values.size),
      Option(
        "--optimizer", "NAME", help: "\(Values.names(OptimizerChoice.self))\n(default adamw)",
        \.optimizer, Values.choice),
      Option(
        "--optimizer-state", "NAME",
        help: "\(Values.names(StateName.self)) for what it keeps of each weight (default float32)",
        \.optimizerState, Values.choice),
      Option(
        "--learning-rate", "X",
        help:
          "highest learning rate\n(default: 0.008 for cnn, 0.03 for mlp and linear, 0.003 for gpt; "
          + "some optimizers multiply that)",
        \.learningRate
      ) { word throws(UsageError) in try Values.positive(word) },
      Option(
        "--weight-decay", "X",
        help:
          "pull of weights toward zero\n(default: 0.02 for cnn, 0.05 for mlp and linear, 0.3 for "
          + "gpt; 0.0001 where it is a penalty in the gradient)",
        \.weightDecay
      ) { word throws(UsageError) in try Values.nonNegative(word) },
      Option(
        "--momentum", "X", help: "momentum of sgd and rmsprop (default 0.9)", \.momentum,
        Values.nonNegative),
      Option(
        "--schedule", "NAME",
        help: "\(Values.names(ScheduleChoice.self)) (default cosine)\n"
          + "step: a tenth after each third of the run; plateau: a tenth when the loss of epochs stops falling",
        \.schedule, Values.choice),
      Option(
        "--warmup", "STEPS", help: "steps of rising learning rate (default: 5 % of the run)",
        \.warmup
      ) { word throws(UsageError) in try Values.countOrZero(word) },
      Option(
        "--clip", "NORM", help: "largest global norm of gradients; 0 for none (default 1)", \.clip,
        Values.nonNegative),
      Option(
        "--precision", "NAME",
        help:
          "\(Values.names(PrecisionName.self)) for what may be computed in it (default float32)",
        \.precision, Values.choice),
      Option(
        "--smooth", "DECAY", help: "average gradients over steps, with this share kept each step",
        \.smoothing
      ) { word throws(UsageError) in try Values.share(word) },
      Option(
        "--ema", "DECAY",
        help:
          "average weights over steps, with this share kept each step, and evaluate the average",
        \.average
      ) { word throws(UsageError) in try Values.share(word) },
      Option(
        "--epochs", "N",
        help: "passes over the data (default: 24 for cnn, 40 for mlp and linear, 5 for gpt)",
        \.epochs
      ) { word throws(UsageError) in try Values.count(word) },
      Option(
        "--batch-size", "N",
        help: "samples a step (default: 16 for cnn, 32 for others)", \.batchSize
      ) {
        word throws(UsageError) in try Values.size(word)
      },
      Option(
        "--accumulate", "N",
        help: "compute each batch in N parts, one after the other: less memory, the same step",
        \.parts, Values.size),
      Option(
        "--memory-limit", "SIZE",
        help: "most memory for tensors, such as 300MB or 2GiB (default: what is available)",
        \.memoryLimit
      ) { word throws(UsageError) in try Values.bytes(word) },
      Option(
        "--on-oom", "WHAT",
        help:
          "what to do when memory runs out: \(Values.names(OutOfMemoryChoice.self)) (default stop)\n"
          + "replan finds how the same step fits: with parts of the batch and recomputation, and where "
          + "nothing else does, with the optimizer's state in a file, beside the checkpoints or in "
          + "/var/tmp",
        \.onOutOfMemory, Values.choice),
      Option("--seed", "N", help: "start of all random numbers (default 0)", \.seed, Values.seed),
      Option(
        "--device", "NAME", help: "cpu, cuda or cuda:N, where the network is trained (default cpu)",
        \.device, Values.device),
      Option("--threads", "N", help: "threads (default: all cores)", \.threads) {
        word throws(UsageError) in try Values.count(word)
      },
      Option(
        "--generate", "N", help: "bytes that the GPT writes at the end (default 300)", \.generate,
        Values.countOrZero),
      Option(
        "--checkpoint-dir", "DIR",
        help:
          "write the whole state of the run there: at the end of epochs, the last 3 and the best",
        \.checkpointFolder
      ) { word throws(UsageError) in
        guard !word.isEmpty else { throw UsageError("expected a folder, got an empty name") }
        return word
      },
      Option(
        "--checkpoint-every", "STEPS", help: "write it after so many steps, too",
        \.checkpointInterval
      ) { word throws(UsageError) in try Values.count(word) },
      Option(
        "--resume",
        help:
          "go on from the last checkpoint in --checkpoint-dir, if there is one, with the same settings\n"
          + "only --epochs may be another number: a run that is finished goes on when it is higher, and "
          + "a schedule that depends on the length is laid over all epochs"
      ) { (settings, _) in settings.isResuming = true },
      .attaching(
        "--doctor", "treat",
        help:
          "watch the steps and look inside the network now and then, and say what is wrong, why, and "
          + "what would help; it changes no bit, and takes memory for three states of the run; findings name "
          + "examples by their row in the data, counted from 0\n"
          + "treat: also go back to an earlier state where something is wrong, try remedies there, "
          + "and go on with the best; --resume goes on with it, too"
      ) { (settings, word) throws(UsageError) in
        guard word == nil || word == "treat" else {
          throw UsageError("expected --doctor or --doctor=treat, got --doctor=\(word!)")
        }
        settings.doctor = word == nil ? .watch : .treat
      },
      Option(
        "--html", "FILE",
        help: "write a page with the doctor's findings and plots, which needs no network", \.page
      ) { word throws(UsageError) in word },
      Option("--json", "FILE", help: "write the summary for machines", \.json) {
        word throws(UsageError) in word
      },
    ]
  }

  static var help: String {
    """
    usage: training train [options]

    Trains a network and evaluates it on a fifth of the data that it never trains on (every row whose
    index leaves 4 when divided by 5). Without a file it learns the 1,797 handwritten digits that are
    built in (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, CC BY 4.0).

    \(Option.help(options))

    exit status:
      0 the run came to its end, whatever the doctor says of it; 64 usage, 65 malformed input,
      66 no input, 70 the run failed: steps skipped for ever, or a checkpoint that does not fit,
      71 memory ran out, 73 output cannot be written
    """
  }

  private mutating func take(_ source: Source) throws(UsageError) {
    guard self.source == .digits else {
      throw UsageError("expected one of --csv, --idx and --text, got two")
    }
    self.source = source
  }
}
