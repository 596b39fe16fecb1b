// Judges the doctor and published rules on labelled logs: one run a line, as the data's README describes.
//
//     swift run -c release --package-path Tests/Benchmarks evaluate-doctor runs.jsonl [--report]

import Foundation

guard let path = CommandLine.arguments.dropFirst().first else {
  print("usage: evaluate-doctor FILE.jsonl [--report]")
  exit(64)
}
let evaluation = Evaluation(runs: try RunLog.all(of: path).map { ($0, $0.steps) })
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
