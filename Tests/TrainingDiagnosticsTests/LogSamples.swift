import Foundation
import TrainingDiagnostics
import TrainingKit

/// A small good log of every format.
enum LogSamples {
  struct Sample {
    let name: String
    let format: LogFormat
    let bytes: [UInt8]
  }

  static let all: [Sample] = [
    Sample(
      name: "lines.jsonl", format: .jsonLines,
      bytes: Array(
        (0..<12).map {
          "{\"step\": \($0), \"loss\": 2.5, \"grad_norm\": 1.5e-1, \"tag\": \"a\\u00e9\"}\n"
        }
        .joined().utf8)),
    Sample(
      name: "trainer_state.json", format: .jsonDocument,
      bytes: Array(
        ("{\n \"log_history\": [\n"
          + (0..<8).map { "  {\"epoch\": 0.\($0), \"loss\": 2.\($0), \"step\": \($0)}" }
          .joined(separator: ",\n") + "\n ]\n}\n").utf8)),
    Sample(
      name: "table.csv", format: .table,
      bytes: Array(
        ("step,loss,lr,\"name\"\n" + (0..<12).map { "\($0),2.\($0),0.001,\"x\"\n" }.joined()).utf8)),
    Sample(
      name: "log.txt", format: .text,
      bytes: Array((0..<12).map { "iter \($0): loss 2.\($0), norm 0.5, time 3ms\n" }.joined().utf8)),
    Sample(name: "events.out.tfevents.1", format: .events, bytes: eventFile),
  ]

  /// The steps of a log that is read at once.
  static func steps(_ bytes: [UInt8]) throws(DataError) -> [StepRecord] {
    var reader = LogReader(file: "log")
    var steps: [StepRecord] = []
    try reader.read(bytes) { steps.append($0) }
    try reader.finish { steps.append($0) }
    return steps
  }

  /// Written by TensorBoard 2.21: of step 1 loss 2.5, norm 0.5 and a scalar of no interest; of step 2 loss 1.25, an
  /// infinite norm, and as tensors a validation loss of 3.5, a rate of 0.25 and a scale of 1024; of step 3 a loss of NaN.
  static let eventFile: [UInt8] = Array(Data(base64Encoded: eventFileText)!)

  private static let eventFileText =
    """
    SAAAAAAAAAD+kkidCaawKsoqw9pBGg1icmFpbi5FdmVudDoyUi4KLHRlbnNvcmJvYXJkLnN1bW1hcnkud3JpdGVy\
    LmV2ZW50X2ZpbGVfd3JpdGVybiZ7WiAAAAAAAAAAKe2pUAkAAAAAAADwPxABKhMKEQoKdHJhaW4vbG9zcxUAACBA\
    0VlchyUAAAAAAAAA6rw28wkAAAAAAADwPxABKhgKFgoPdHJhaW4vZ3JhZF9ub3JtFQAAAD+8qFSrGwAAAAAAAAAa\
    DZ4TCQAAAAAAAPA/EAEqDgoMCgVvdGhlchUAABBB+TsNoSAAAAAAAAAAKe2pUAkAAAAAAADwPxACKhMKEQoKdHJh\
    aW4vbG9zcxUAAKA/7PhDSSUAAAAAAAAA6rw28wkAAAAAAADwPxACKhgKFgoPdHJhaW4vZ3JhZF9ub3JtFQAAgH/q\
    9h1MKgAAAAAAAACujZH1CQAAAAAAAPA/EAIqHQobCg9sb3NzL3ZhbGlkYXRpb25CCAgBKgQAAGBAbCReujIAAAAA\
    AAAAJBlW7AkAAAAAAADwPxACKiUKIwoTdHJhaW4vbGVhcm5pbmdfcmF0ZUIMCAIyCAAAAAAAANA/3miewiUAAAAA\
    AAAA6rw28wkAAAAAAADwPxACKhgKFgoKbG9zc19zY2FsZUIICAEiBAAAgERyLS8BIAAAAAAAAAAp7alQCQAAAAAA\
    APA/EAMqEwoRCgp0cmFpbi9sb3NzFQAAwH/JIF+t
    """
}
