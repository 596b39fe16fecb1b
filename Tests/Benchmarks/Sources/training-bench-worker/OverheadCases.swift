import TrainingKit

/// What an operation costs beside its arithmetic.
func overheadCase(_ name: String, _ values: Case) throws -> (() throws -> Void)? {
  guard name == "chain" || name == "add_nograd" else { return nil }
  let (count, length) = (try values.int("n"), try values.int("length"))
  let (x, one) = (Tensor.ones([count]), Tensor.ones([count]))
  if name == "add_nograd" {
    return {
      var y = x
      for _ in 0..<length { y = y + one }
    }
  }
  let tracked = x.tracked()
  return {
    var y = tracked
    for _ in 0..<length { y = y + one }
    _ = y.sum().gradient(for: tracked)
  }
}
