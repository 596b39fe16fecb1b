// Judges the doctor and published rules on labelled logs: one run a line, as the data's README describes.
//
//     swift run -c release --package-path Tests/Benchmarks evaluate-doctor runs.jsonl [--report]

import Foundation
import PublishedRules

guard let path = CommandLine.arguments.dropFirst().first else {
  print("usage: evaluate-doctor FILE.jsonl [--report]")
  exit(64)
}
let logs: [RunLog]
do {
  logs = try RunLog.all(of: path)
} catch {
  FileHandle.standardError.write(
    Data("\(path): expected a run a line in JSON, got \(error.localizedDescription)\n".utf8))
  exit(65)
}
let evaluation = Evaluation(runs: logs.map { ($0, $0.steps) })
if CommandLine.arguments.contains("--report") {
  print(evaluation.report())
} else {
  print(evaluation.table(of: Detector.ours + Baselines.all))
  for parity in 0...1 {
    print("\nhalf \(parity + 1), by submission and workload")
    print(evaluation.half(parity).table(of: [Detector.ours[0]]))
  }
  print("\nmargins, where 1 is an alarm\n" + evaluation.margins())
}
