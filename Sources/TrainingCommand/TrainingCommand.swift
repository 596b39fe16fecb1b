#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif
internal import TrainingKit

@main
enum TrainingCommand {
  private static let help = """
    usage: training <command> [options]

    commands:
      demo     heals sick runs beside their healthy twins, in less than a minute
      train    trains a network on digits, a table, images or text
      plan     plans the memory of training a model, to the byte
      diagnose finds what is wrong with runs, from their logs
      check    looks for mistakes before the first step, and tests this machine

    training <command> --help explains a command.
    """

  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      Console.report(error)
      exit(ExitStatus(error).rawValue)
    }
  }

  private static func run(_ words: [String]) throws {
    guard let command = words.first else {
      Console.print(help)
      throw UsageError("expected a command, got none")
    }
    switch command {
    case "demo": try demo(Array(words.dropFirst()))
    case "train": try train(Array(words.dropFirst()))
    case "plan": try plan(Array(words.dropFirst()))
    case "diagnose": try diagnose(Array(words.dropFirst()))
    case "check": try check(Array(words.dropFirst()))
    case "--help", "-h", "help": Console.print(help)
    default: throw UsageError("unknown command \(command); training --help lists what there is")
    }
  }

  private static func demo(_ words: [String]) throws {
    if words.contains("--help") || words.contains("-h") {
      Console.print(DemoSettings.help)
      return
    }
    var settings = DemoSettings()
    try Option.parse(words, with: DemoSettings.options, into: &settings)
    let chosen = settings
    let status = try validated {
      var command = try DemoCommand(chosen)
      return try command.execute()
    }
    if status != 0 { exit(status) }
  }

  private static func plan(_ words: [String]) throws {
    if words.contains("--help") || words.contains("-h") {
      Console.print(PlanSettings.help)
      return
    }
    var settings = PlanSettings()
    try Option.parse(words, with: PlanSettings.options, into: &settings)
    try PlanCommand(settings: settings).execute()
  }

  private static func diagnose(_ words: [String]) throws {
    if words.contains("--help") || words.contains("-h") {
      Console.print(DiagnoseSettings.help)
      return
    }
    var settings = DiagnoseSettings()
    try Option.parse(words, with: DiagnoseSettings.options, into: &settings, operands: \.files)
    var command = try DiagnoseCommand(settings)
    let status = try command.execute()
    if status != 0 { exit(status) }
  }

  private static func check(_ words: [String]) throws {
    if words.contains("--help") || words.contains("-h") {
      Console.print(CheckSettings.help)
      return
    }
    var settings = CheckSettings()
    try Option.parse(words, with: CheckSettings.options, into: &settings)
    let command = CheckCommand(settings: settings)
    let status = try validated { try withDevice(settings.job.device) { try command.execute() } }
    if status != 0 { exit(status) }
  }

  private static func train(_ words: [String]) throws {
    if words.contains("--help") || words.contains("-h") {
      Console.print(TrainSettings.help)
      return
    }
    var settings = TrainSettings()
    try Option.parse(words, with: TrainSettings.options, into: &settings)
    let chosen = settings
    try validated {
      try withDevice(chosen.device) {
        var command = try TrainCommand(chosen)
        try command.execute()
      }
    }
  }
}
