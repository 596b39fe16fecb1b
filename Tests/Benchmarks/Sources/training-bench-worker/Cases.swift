import TrainingKit

/// One iteration of a case.
func cases(_ values: Case) throws -> () throws -> Void {
  let name = try values.text("op")
  let families = [modelCase, productCase, attentionCase, elementCase, updateCase, overheadCase]
  for family in families {
    if let iteration = try family(name, values) { return iteration }
  }
  throw Skip("not supported: \(name)")
}

extension Case {
  /// The type of the numbers.
  func dtype() throws -> DType {
    switch try text("dtype") {
    case "f32": .float32
    case "bf16": .bfloat16
    case "f16": .float16
    case let other: throw Skip("not supported: \(other)")
    }
  }

  /// Numbers of a normal distribution, of this case's type.
  func normal(_ shape: Shape) throws -> Tensor {
    Tensor.randomNormal(shape).cast(to: try dtype())
  }
}
