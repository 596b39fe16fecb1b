import DeviceChecks
import TestSupport
import TrainingKit
import XCTest

/// The laws that every operation of the catalog obeys.
final class GradientTests: XCTestCase {
  private func withEverySample(_ body: (OperationSample) throws -> Void) rethrows {
    try withEvery("operation", in: OperationCatalog.samples.map(Named.init)) { try body($0.sample) }
  }

  func testEveryGradientMatchesFiniteDifferences() {
    XCTAssertGreaterThan(OperationCatalog.samples.count, 100)
    withEverySample { sample in
      guard sample.isDifferentiable else { return }
      let check = checkGradients(of: sample.call, at: sample.arguments)
      expect(check.isCorrect && check.comparisonCount > 0, "\(check)")
    }
  }

  func testEverySecondGradientMatchesFiniteDifferences() {
    withEverySample { sample in
      guard sample.isTwiceDifferentiable else { return }
      let check = checkGradients(of: sample.call, at: sample.arguments, order: 2)
      expect(check.isCorrect, "\(check)")
    }
  }

  func testEveryMistakeIsReported() {
    XCTAssertGreaterThan(OperationCatalog.mistakes.count, 40)
    for mistake in OperationCatalog.mistakes {
      withEvery("operation", in: ["\(mistake.operation), \(mistake.label)"]) { _ in
        do {
          _ = try validated { mistake.call() }
          fail("nothing was thrown")
        } catch let error as TensorError {
          expect(error.kind == mistake.kind, "\(error.kind): \(error)")
          expect(error.description.contains(": expected "), "\(error)")
        } catch {
          fail("\(error)")
        }
      }
    }
  }

  func testEveryResultHasTheSameBitsForAnyLayout() {
    withEverySample { sample in
      let plain = sample.call(sample.arguments)
      let strided = sample.call(sample.arguments.map(\.interleaved))
      if let problem = mismatch(strided, plain) { fail(problem) }
    }
  }

  func testEveryOperationWorksInEveryRealDType() {
    for dtype in [DType.float32, .float16, .bfloat16] {
      withEvery("dtype", in: [dtype]) { dtype in
        withEverySample { sample in
          let arguments = sample.arguments.map {
            $0.dtype.isFloatingPoint ? $0.cast(to: dtype) : $0
          }
          let got = sample.call(arguments)
          let exact = sample.call(arguments.map { $0.dtype == dtype ? $0.cast(to: .float64) : $0 })
          guard got.dtype == dtype else { return }
          // Composed operations round at every step.
          let roundings = dtype == .float32 ? 256.0 : 24
          if let problem = mismatch(got, exact.cast(to: dtype), roundings: roundings) {
            fail(problem)
          }
        }
      }
    }
  }
}

private struct Named: CustomStringConvertible {
  let sample: OperationSample
  var description: String { "\(sample.operation), \(sample.label)" }
}

extension Tensor {
  /// The same values on every second place of a larger tensor, behind an offset.
  fileprivate var interleaved: Tensor {
    guard rank > 0 else { return self }
    let padding = Array(repeating: (before: 1, after: 0), count: rank - 1) + [(before: 0, after: 0)]
    let wide = stack([self, self], axis: -1).reshaped(shape.dropLast() + [shape[-1] * 2])
    let places = [TensorIndexPosition](repeating: .from(1), count: rank - 1)
    return wide.padded(padding).subscripted(places + [.from(0, by: 2)])
  }
}
