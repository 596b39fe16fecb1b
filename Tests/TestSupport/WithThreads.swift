internal import TrainingKit

/// So many threads while the body runs.
package func withThreads<Result>(
  _ count: Int, _ body: () throws -> Result
) rethrows -> Result {
  let before = Threads.count
  Threads.count = count
  defer { Threads.count = before }
  return try body()
}
