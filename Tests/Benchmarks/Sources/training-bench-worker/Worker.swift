import Foundation
import TrainingKit

/// Answers the line protocol of the peers' runner: one answer a line.
///
///     make KEY=VALUE ...   set up one case  -> ok | skip REASON
///     run SAMPLES SECONDS  time it          -> times SEC:CPU:PREEMPT ...
///     mem                  resident memory  -> mem RSS_KIB PEAK_KIB
///     memreset             forget the peak  -> ok
///     quit
///
/// Arguments: `compiled` for steps that are recorded once and replayed, and the number of threads.
@main
enum Worker {
  static let isCompiled = CommandLine.arguments.contains("compiled")

  static func main() throws {
    if let threads = CommandLine.arguments.dropFirst().last.flatMap({ Int($0) }) {
      Threads.count = threads
    }
    var step: (() throws -> Void)?
    var seconds = 0.0
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      switch words.first {
      case "make":
        step = nil
        do {
          step = try cases(Case(words.dropFirst()))
          seconds = try warmed(step!)
          answer("ok")
        } catch {
          answer("skip \(error)")
        }
      case "run":
        guard let step, words.count == 3, let samples = Int(words[1]),
          let least = Double(words[2])
        else {
          answer("skip expected a case, SAMPLES and SECONDS")
          continue
        }
        let found = try (0..<samples).map { _ in
          try Sample(of: step, times: max(1, Int(least / seconds)))
        }
        seconds = found.last?.wall ?? seconds
        answer("times \(found.map(\.description).joined(separator: " "))")
      case "mem": answer("mem \(status("VmRSS")) \(status("VmHWM"))")
      case "memreset":
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        answer("ok")
      case "quit": return
      default: answer("skip expected make, run, mem, memreset or quit, got \(line)")
      }
    }
  }

  /// The first call tells how long a call takes; quick ones come again.
  private static func warmed(_ step: () throws -> Void) throws -> Double {
    var seconds = try Sample(of: step, times: 1).wall
    if seconds < 2 { for _ in 0..<2 { seconds = try Sample(of: step, times: 1).wall } }
    return seconds
  }

  private static func answer(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  /// A line of this process's status, in KiB.
  private static func status(_ name: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line.flatMap { Int($0.split(whereSeparator: { !$0.isNumber })[0]) } ?? 0
  }
}

/// The mean time of some calls.
struct Sample: CustomStringConvertible {
  let wall, processor: Double
  let preemptions: Int

  init(of step: () throws -> Void, times: Int) rethrows {
    let (usage, start) = (Self.usage(), DispatchTime.now().uptimeNanoseconds)
    for _ in 0..<times { try step() }
    wall = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9 / Double(times)
    let after = Self.usage()
    processor = (Self.seconds(after) - Self.seconds(usage)) / Double(times)
    preemptions = after.ru_nivcsw - usage.ru_nivcsw
  }

  var description: String { "\(wall):\(processor):\(preemptions)" }

  private static func usage() -> rusage {
    var usage = rusage()
    // RUSAGE_SELF, whose type differs from system to system.
    getrusage(0, &usage)
    return usage
  }

  private static func seconds(_ usage: rusage) -> Double {
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
