import Foundation
import DeviceChecks
import TestSupport
import TrainingKit
import XCTest

/// Values and gradients of every operation, beside PyTorch's numbers.
final class FixtureParityTests: XCTestCase {
  func testEveryCaseMatchesPyTorch() throws {
    let files = try ["operations", "networks"].map { try FixtureFile($0) }
    let decoder = JSONDecoder()
    var passed: [String: Int] = [:]
    for (file, line) in files.flatMap({ file in file.lines.map { (file, $0) } }) {
      let fixture = try decoder.decode(FixtureCase.self, from: line)
      withEvery("operation", in: [fixture.operation]) { operation in
        withEvery("case", in: ["\(fixture.label), \(fixture.dtype), \(fixture.attributes)"]) { _ in
          if FixtureCheck(fixture, file).passes() { passed[operation, default: 0] += 1 }
        }
      }
    }
    let total = passed.values.reduce(0, +)
    let count = files.reduce(0) { $0 + $1.lines.count }
    print("fixtures: \(total) of \(count) cases pass")
    XCTAssertEqual(total, count)
    let missing = Set(FixtureOperations.all.keys).subtracting(passed.keys)
    XCTAssertEqual(missing, [], "operations without a fixture")
  }
}

/// One case: the call, its value, its gradients, and the gradients of those.
private struct FixtureCheck {
  let fixture: FixtureCase
  let file: FixtureFile
  let dtype: DType

  init(_ fixture: FixtureCase, _ file: FixtureFile) {
    self.fixture = fixture
    self.file = file
    dtype = DType(named: fixture.dtype)
  }

  func passes() -> Bool {
    guard let call = FixtureOperations.all[fixture.operation] else {
      fail("no such operation here")
      return false
    }
    do {
      let problem = try validated { compare(call) }
      if let problem { fail(problem) }
      return problem == nil
    } catch {
      fail("\(error)")
      return false
    }
  }

  private func compare(_ call: FixtureOperations.Call) -> String? {
    let inputs = fixture.inputs.enumerated().map { position, array in
      let tensor = file.tensor(array, default: dtype)
      return fixture.gradients?[position] == nil ? tensor : tensor.tracked()
    }
    let outputs = call(
      FixtureCall(
        inputs: inputs, names: fixture.inputs.map(\.name), attributes: fixture.attributes))
    guard outputs.count == fixture.outputs.count else { return "\(outputs.count) outputs" }
    for (position, (output, expected)) in zip(outputs, fixture.outputs).enumerated() {
      guard let expected else { continue }
      let wanted = FixtureDeviation.adjusted(file.tensor(expected, default: dtype), fixture)
      if let problem = mismatch(FixtureDeviation.adjusted(output, wanted, fixture), wanted) {
        return "output \(position): \(problem)"
      }
    }
    return fixture.gradients == nil ? nil : compareGradients(outputs, inputs)
  }

  private func compareGradients(_ outputs: [Tensor], _ inputs: [Tensor]) -> String? {
    let cotangents = (fixture.cotangents ?? []).map { array in
      array.map { file.tensor($0, default: dtype).tracked() }
    }
    let pairs = zip(outputs, cotangents).compactMap { output, cotangent in
      cotangent.flatMap { output.requiresGradient ? (output * $0).sum() : nil }
    }
    let active = inputs.filter(\.requiresGradient)
    guard let first = pairs.first else { return nil }
    let total = pairs.dropFirst().reduce(first, +)
    let gradients = total.gradients(for: active, isRecorded: fixture.secondOrder != nil)
    let expected = (fixture.gradients ?? []).compactMap(\.self)
    if let problem = compare("gradient", gradients, expected) { return problem }
    return compareSecondOrder(gradients, active, cotangents.compactMap(\.self))
  }

  private func compareSecondOrder(
    _ gradients: [Tensor], _ inputs: [Tensor], _ cotangents: [Tensor]
  ) -> String? {
    guard let second = fixture.secondOrder else { return nil }
    let vectors = second.vectors.compactMap { $0.map { file.tensor($0, default: dtype) } }
    let products = zip(gradients, vectors).filter(\.0.requiresGradient).map { ($0 * $1).sum() }
    let variables = inputs + cotangents
    let found =
      products.isEmpty
      ? variables.map { Tensor.zeros($0.shape, dtype: $0.dtype) }
      : products.dropFirst().reduce(products[0], +).gradients(for: variables)
    let expected = (second.gradients + second.cotangentGradients).compactMap(\.self)
    return compare("second-order gradient", found, expected)
  }

  private func compare(_ what: String, _ found: [Tensor], _ expected: [FixtureArray]) -> String? {
    guard found.count == expected.count else {
      return "\(found.count) of \(what), expected \(expected.count)"
    }
    for (position, (got, wanted)) in zip(found, expected).enumerated() {
      let wanted = file.tensor(wanted, default: dtype)
      if let problem = mismatch(FixtureDeviation.adjusted(got, wanted, fixture), wanted) {
        return "\(what) \(position): \(problem)"
      }
    }
    return nil
  }
}
