/// What `training diagnose` is asked to do.
struct DiagnoseSettings {
  var files: [String] = []
  var json = false
  var page: String?
  var pictures: String?
}

extension DiagnoseSettings {
  static var options: [Option<DiagnoseSettings>] {
    [
      Option(
        "--json",
        help:
          "one finding a line, as an object with the keys file, symptom, cause, severity, step, "
          + "confidence, evidence, evidence_in_words and remedy, and began where that is an earlier step"
      ) { settings, _ in settings.json = true },
      Option("--html", "FILE", help: "write a page with plots and findings, which needs no network")
      {
        settings, words in settings.page = words[0]
      },
      Option("--svg", "FOLDER", help: "draw each plot of each run into a file of its own") {
        settings, words in settings.pictures = words[0]
      },
    ]
  }

  static var help: String {
    """
    usage: training diagnose [options] FILE…

    Finds what is wrong with runs, from the numbers that they logged. Each file is a run; a folder is
    all logs in it; - is standard input, which is read as it grows: tail -f train.log | training diagnose -

    \(Option.help(options))

    formats, told by the content:
      JSON lines, CSV and TSV with named columns, trainer_state.json of Hugging Face, event files of
      TensorBoard, and text with name=value or name: value. Known are step, loss, grad_norm,
      learning_rate or lr, train_loss, validation_loss or val_loss, loss_scale, clip_factor and other
      usual names. What is missing costs evidence, and is no error.

    exit status:
      0 healthy, 1 warnings, 2 a fault; 64 usage, 65 malformed input, 66 no input, 73 output cannot be written
    """
  }
}
