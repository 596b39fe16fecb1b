import Foundation
import TrainingDiagnostics
import XCTest

/// Logs of every format, as training programs write them.
final class LogReaderTests: XCTestCase {
  private func steps(_ text: String) throws -> [StepRecord] {
    try LogSamples.steps(Array(text.utf8))
  }

  private func assertSteps(
    _ text: String, _ expected: [StepRecord], file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertEqual(try steps(text), expected, file: file, line: line)
  }

  func testTimesAloneAreNoStep() {
    assertSteps(
      "step,loss,seconds,wait_seconds\n1,2.5,0.25,0.5\n2,,9,\n3,2.25,,\n",
      [
        StepRecord(step: 1, loss: 2.5, seconds: 0.25, waitSeconds: 0.5),
        StepRecord(step: 3, loss: 2.25),
      ])
  }

  func testJSONLines() {
    assertSteps(
      #"{"step": 1, "loss": 2.5, "grad_norm": 0.5, "lr": 1e-3}"# + "\n\n"
        + #"{"step": 2, "loss": 2.4, "gradient_norm": "0.25", "learning_rate": 0.001, "other": [1]}"#
        + "\r\n" + #"{"step":2,"train_loss":2.3,"val_loss":2.6}"#,
      [
        StepRecord(step: 1, loss: 2.5, gradientNorm: 0.5, learningRate: 1e-3),
        StepRecord(step: 2, loss: 2.4, gradientNorm: 0.25, learningRate: 1e-3),
        StepRecord(step: 2, trainLoss: 2.3, validationLoss: 2.6),
      ])
    assertSteps(
      #"{"_step": 7, "train/loss": 1, "train/grad_norm": 2, "eval/loss": 3, "loss_scale": 65536}"#,
      [StepRecord(step: 7, loss: 1, gradientNorm: 2, lossScale: 65_536, validationLoss: 3)])
    // Beside a loss of steps, that of a split is an evaluation.
    assertSteps(
      #"{"global_step": 1, "loss": 1, "train/loss": 2, "validation/loss": 3, "test/loss": 4}"#,
      [StepRecord(step: 1, loss: 1, trainLoss: 2, validationLoss: 3)])
    assertSteps(#"{"step": 3, "metrics": {"loss": 4}}"#, [StepRecord(step: 3, loss: 4)])
    assertSteps(
      "{\"loss\": 1}\n{\"loss\": 2}\n",
      [
        StepRecord(step: 0, loss: 1), StepRecord(step: 1, loss: 2),
      ])
    assertSteps(
      #"{"step": 3, "loss": 4, "skipped": true}"#,
      [
        StepRecord(step: 3, loss: 4, skip: .overflow)
      ])
  }

  func testWhatIsNotFinite() throws {
    for text in ["NaN", "\"NaN\"", "\"nan\"", "null"] {
      let found = try steps("{\"step\": 1, \"loss\": \(text), \"grad_norm\": \(text)}")
      XCTAssertEqual(found.count, 1, text)
      XCTAssertEqual(found.first?.loss?.isNaN, true, text)
    }
    for text in ["Infinity", "\"Infinity\"", "\"inf\"", "\"+inf\""] {
      XCTAssertEqual(try steps("{\"loss\": \(text)}").first?.loss, .infinity, text)
    }
    XCTAssertEqual(try steps("{\"loss\": -Infinity}").first?.loss, -.infinity)
    XCTAssertEqual(try steps("step,loss\n1,nan\n2,Inf\n").last?.loss, .infinity)
    XCTAssertEqual(try steps("step=1 loss=nan grad_norm=inf").first?.gradientNorm, .infinity)
    // A loss of null beside an evaluation, or beside a finite norm, was not measured.
    XCTAssertNil(try steps(#"{"step": 1, "loss": null, "train_loss": 2}"#).first?.loss)
    XCTAssertNil(try steps(#"{"step": 1, "loss": null, "grad_norm": 2}"#).first?.loss)
  }

  func testHuggingFaceState() {
    let text = """
      {
        "best_metric": null, "global_step": 20,
        "log_history": [
          {"epoch": 0.1, "grad_norm": 1.5, "learning_rate": 5e-05, "loss": 2.5, "step": 10},
          {"epoch": 0.2, "eval_loss": 2.25, "eval_runtime": 1.5, "step": 20},
          {"epoch": 0.2, "step": 20, "total_flos": 1e15, "train_loss": 2.4, "train_runtime": 99.5}
        ]
      }
      """
    let expected = [
      StepRecord(step: 10, loss: 2.5, gradientNorm: 1.5, learningRate: 5e-5),
      StepRecord(step: 20, validationLoss: 2.25),
    ]
    assertSteps(text, expected)
    assertSteps(text.replacingOccurrences(of: "\n", with: ""), expected)
  }

  func testJSONDocuments() {
    assertSteps(
      "[\n{\"step\": 1, \"loss\": 2},\n{\"step\": 2, \"loss\": 1}]",
      [
        StepRecord(step: 1, loss: 2), StepRecord(step: 2, loss: 1),
      ])
    assertSteps(
      "{\n\"loss\": [2, 1], \"val_loss\": [3, 4]}",
      [
        StepRecord(step: 0, loss: 2, validationLoss: 3),
        StepRecord(step: 1, loss: 1, validationLoss: 4),
      ])
  }

  func testTables() {
    assertSteps(
      "\u{FEFF}step,loss,\"Grad Norm\",note\r\n1,2.5,,a\r\n2,2.4,0.5,\"b, c\"\r\n",
      [
        StepRecord(step: 1, loss: 2.5), StepRecord(step: 2, loss: 2.4, gradientNorm: 0.5),
      ])
    assertSteps(
      "epoch\tloss\tval_loss\n1\t2\t3\n2\t1\t2\nepoch\tloss\tval_loss\n3\t1\tNA\n",
      [
        StepRecord(step: 1, loss: 2, validationLoss: 3),
        StepRecord(step: 2, loss: 1, validationLoss: 2),
        StepRecord(step: 3, loss: 1),
      ])
    assertSteps("loss;lr\n2;0.1\n", [StepRecord(step: 0, loss: 2, learningRate: 0.1)])
    assertSteps("loss\n2\n1\n", [StepRecord(step: 0, loss: 2), StepRecord(step: 1, loss: 1)])
  }

  func testTextOfManyPrograms() throws {
    assertSteps(
      "start\nstep=120 loss=2.13 grad_norm=0.4 lr=1e-4\n",
      [
        StepRecord(step: 120, loss: 2.13, gradientNorm: 0.4, learningRate: 1e-4)
      ])
    assertSteps(
      "iter 120: loss 2.1300, norm 0.4, time 310.22ms, mfu 1.20%",
      [
        StepRecord(step: 120, loss: 2.13, gradientNorm: 0.4)
      ])
    assertSteps(
      "step 1000: train loss 2.1, val loss 2.2",
      [
        StepRecord(step: 1000, trainLoss: 2.1, validationLoss: 2.2)
      ])
    assertSteps(
      " iteration      100/  500000 | consumed samples:        51200 | elapsed time per iteration (ms): 1234.5 | "
        + "learning rate: 1.000E-05 | global batch size:   512 | lm loss: 1.080000E+01 | loss scale: 4096.0 | "
        + "grad norm: 4.200 | number of skipped iterations:   0 | number of nan iterations:   0 |",
      [
        StepRecord(
          step: 100, loss: 10.8, gradientNorm: 4.2, learningRate: 1e-5, lossScale: 4096)
      ])
    assertSteps(
      "step    1/19560 | loss 10.984 (+nanz)| norm 15.4 (+nanz)| lr 8.57e-07 | 1234.5 ms | 42.1% bf16 MFU",
      [StepRecord(step: 1, loss: 10.984, gradientNorm: 15.4, learningRate: 8.57e-7)])
    assertSteps(
      "{'loss': 2.5, 'grad_norm': 1.5, 'learning_rate': 5e-05, 'epoch': 0.1}",
      [
        StepRecord(step: 0, loss: 2.5, gradientNorm: 1.5, learningRate: 5e-5)
      ])
    assertSteps(
      "[2024-01-01 10:00:00,123] INFO step=5 loss: -2.5\n",
      [
        StepRecord(step: 5, loss: -2.5)
      ])
    assertSteps("12/100 loss: 3\r 13/100 loss: 2\r\n", [StepRecord(step: 0, loss: 2)])
    assertSteps("Train Epoch: 1 [0/60000 (0%)]\tLoss: 2.300000", [StepRecord(step: 1, loss: 2.3)])
    assertSteps(
      "step 100: loss 2.5\nvalidation loss: 2.75\n",
      [StepRecord(step: 100, loss: 2.5), StepRecord(step: 100, validationLoss: 2.75)])
    let broken = try steps("Epoch 3, Step 7, Loss: nan")
    XCTAssertEqual(broken.map(\.step), [7])
    XCTAssertEqual(broken[0].loss?.isNaN, true)
  }

  func testALogIsReadAsItGrows() throws {
    for sample in LogSamples.all {
      let whole = try LogSamples.steps(sample.bytes)
      XCTAssertFalse(whole.isEmpty, sample.name)
      for size in [1, 7, 64] {
        var reader = LogReader(file: sample.name)
        var found: [StepRecord] = []
        for start in stride(from: 0, to: sample.bytes.count, by: size) {
          let part = sample.bytes[start..<min(start + size, sample.bytes.count)]
          try reader.read(part) { found.append($0) }
        }
        XCTAssertEqual(reader.format, sample.format, sample.name)
        try reader.finish { found.append($0) }
        XCTAssertEqual("\(found)", "\(whole)", "\(sample.name) by \(size)")
      }
    }
  }

  func testALineIsHandedOnWhenItEnds() throws {
    var reader = LogReader(file: "a.jsonl")
    var count = 0
    try reader.read(Array("{\"step\": 1, \"loss\": 2}\n{\"st".utf8)) { _ in count += 1 }
    XCTAssertEqual(count, 1)
    try reader.read(Array("ep\": 2, \"loss\": 1}\n".utf8)) { _ in count += 1 }
    XCTAssertEqual(count, 2)
  }

  func testBlankLinesMayComeFirstInPiecesOfAnySize() throws {
    let log = Array(
      ("\u{FEFF}" + String(repeating: " \n\n", count: 50) + "{\"step\": 1, \"loss\": 2}\n").utf8)
    for size in [1, 2, 3, 7, 64, 1000] {
      var (reader, steps) = (LogReader(file: "a"), [StepRecord]())
      for start in stride(from: 0, to: log.count, by: size) {
        try reader.read(log[start..<min(start + size, log.count)]) { steps.append($0) }
      }
      try reader.finish { steps.append($0) }
      XCTAssertEqual(steps, [StepRecord(step: 1, loss: 2)], "\(size)")
      XCTAssertEqual(reader.format, .jsonLines)
    }
  }
}
