/// What `training check` is asked to do.
struct CheckSettings {
  /// The job that is looked at.
  var job = TrainSettings()
  var overfits = false
  var measuresRates = false
  var json = false
}

extension CheckSettings {
  static var options: [Option<CheckSettings>] {
    // A check ends before there is anything to continue, to keep or to write.
    let foreign: Set = [
      "--resume", "--checkpoint-dir", "--checkpoint-every", "--generate", "--on-oom", "--json",
      "--ema", "--smooth", "--doctor", "--html",
    ]
    let own: [Option<CheckSettings>] = [
      Option("--overfit", help: "also learn one batch by heart, which takes 200 steps") {
        settings, _ in
        settings.overfits = true
      },
      Option("--rates", help: "also measure the learning rate, which takes 100 steps") {
        settings, _ in
        settings.measuresRates = true
      },
      Option(
        "--json",
        help: "one check a line, as an object with the keys check, status, detail and findings"
      ) { settings, _ in settings.json = true },
    ]
    return own
      + TrainSettings.options.filter { !foreign.contains($0.name) }.map { $0.inside(\.job) }
  }

  static var help: String {
    """
    usage: training check [options]

    Tests this machine, and looks for mistakes in a training job before its first step: in data,
    labels, loss, initialization, gradients and memory. The job is that of training train with the
    same options; without any it is the handwritten digits that are built in.

    \(Option.help(options))

    exit status:
      0 healthy, 1 warnings, 2 a fault; 64 usage, 65 malformed input, 66 no input
    """
  }
}
