internal import CTrainingRuntime

/// The threads that share the engine's work.
public enum Threads {
  /// How many threads share the work of one operation, the caller's among them.
  ///
  /// The default is the number of cores, or `TRAININGKIT_THREADS`. Results have the same bits for every count.
  public static var count: Int {
    get { Int(tk_thread_count()) }
    set { tk_set_thread_count(Int32(clamping: newValue)) }
  }
}

/// Runs `body` over pieces of `0 ..< count`, on several threads when there is more than one piece.
package func parallelFor(_ count: Int, grain: Int, _ body: (_ begin: Int, _ end: Int) -> Void) {
  guard count > grain else {
    if count > 0 { body(0, count) }
    return
  }
  withoutActuallyEscaping(body) { escaping in
    withUnsafePointer(to: escaping) { pointer in
      tk_parallel_for(
        Int64(count), Int64(grain),
        { context, begin, end in
          context!.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(Int(begin), Int(end))
        }, UnsafeMutableRawPointer(mutating: pointer))
    }
  }
}
