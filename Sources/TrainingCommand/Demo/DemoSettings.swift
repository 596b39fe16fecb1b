/// What `training demo` is asked to do.
struct DemoSettings {
  var page = "training-demo.html"
  var pictures: String?
  var seed: UInt64 = 0
  var threads: Int?
}

extension DemoSettings {
  static var options: [Option<DemoSettings>] {
    [
      Option("--html", "FILE", help: "where the report goes; training-demo.html unless given") {
        settings, words in settings.page = words[0]
      },
      Option("--svg", "FOLDER", help: "draw each plot of each run into a file of its own") {
        settings, words in settings.pictures = words[0]
      },
      Option(
        "--seed", "N", help: "the seed of weights and batches; 0 unless given", \.seed, Values.seed),
      Option("--threads", "N", help: "how many threads compute; all of the machine unless given") {
        (settings, words) throws(UsageError) in settings.threads = try Values.count(words[0])
      },
    ]
  }

  static var help: String {
    """
    usage: training demo [options]

    Trains networks that are sick, each beside its healthy twin: gradients that explode, a start that
    is far off, numbers beyond 16 bits, a poisoned batch, a loss that oscillates, a language model
    that learns little, and one that runs out of memory. Finds what is wrong with each, tries what
    may help, finishes healthy, and writes a report that opens in any browser. On handwritten digits
    that are built in.

    \(Option.help(options))

    exit status:
      0 every run was found, treated and finished as its twin, 1 one was not; 64 usage,
      73 output cannot be written
    """
  }
}
