import XCTest

/// Runs `body` for every item, and names the item when something in it fails.
///
/// Calls nest: a failure reads `operation: tanh › dtype: bfloat16 › …`.
package func withEvery<Items: Sequence>(
  _ label: String, in items: Items, _ body: (Items.Element) throws -> Void
) rethrows {
  for item in items {
    try Trace.$current.withValue(Trace.current + ["\(label): \(item)"]) { try body(item) }
  }
}

/// Fails with the trace of the loops around.
package func fail(_ message: String, file: StaticString = #filePath, line: UInt = #line) {
  XCTFail((Trace.current + [message]).joined(separator: " › "), file: file, line: line)
}

/// Fails with the trace of the loops around unless the condition holds.
package func expect(
  _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #filePath,
  line: UInt = #line
) {
  if !condition { fail(message(), file: file, line: line) }
}

private enum Trace {
  @TaskLocal static var current: [String] = []
}
