// Injects faults into small jobs, and asks what a doctor and published rules say about them and about healthy twins.
//
//     swift run -c release --package-path Tests/Benchmarks inject-faults
//       [--architectures mlp,cnn,lstm,gpt] [--first-seed 1] [--seeds 3] [--levels 5] [--names rate_too_high,plain]
//       [--treat] [--json FILE]
//     swift run -c release --package-path Tests/Benchmarks inject-faults --table FILE…

import Foundation

var share = Share()
var output: FileHandle?
var tables: [String] = []
var arguments = CommandLine.arguments.dropFirst()

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(64)
}

@MainActor func value(of option: String) -> String {
  arguments.popFirst() ?? { fail("\(option): expected a value, got none") }()
}

@MainActor func count(of option: String) -> Int {
  let text = value(of: option)
  guard let count = Int(text), count > 0 else {
    fail("\(option): expected a number above 0, got \(text)")
  }
  return count
}

while let option = arguments.popFirst() {
  switch option {
  case "--architectures":
    share.architectures = value(of: option).split(separator: ",").map { name in
      Architecture(rawValue: String(name)) ?? { fail("no architecture of the name \(name)") }()
    }
  case "--first-seed": share.firstSeed = count(of: option)
  case "--seeds": share.seeds = count(of: option)
  case "--levels": share.levels = count(of: option)
  case "--names": share.names = Set(value(of: option).split(separator: ",").map(String.init))
  case "--treat": share.treats = true
  case "--json":
    let path = value(of: option)
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    output = FileHandle(forWritingAtPath: path) ?? { fail("\(path): cannot be written") }()
  case "--table":
    tables = Array(arguments)
    arguments = []
  default: fail("expected an option, got \(option)")
  }
}

var verdicts: [Verdict] = []
do {
  let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
  encoder.outputFormatting = .sortedKeys
  for path in tables {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    verdicts += try lines.map { try decoder.decode(Verdict.self, from: Data($0.utf8)) }
  }
  if tables.isEmpty {
    try Suite(share) { verdict in
      verdicts.append(verdict)
      try output?.write(contentsOf: encoder.encode(verdict) + Data("\n".utf8))
    }.run()
  }
} catch {
  fail("\(error)")
}
print(Table(verdicts: verdicts).text)
