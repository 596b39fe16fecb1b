import TrainingKit
import XCTest

/// Plans beside published formulas of what training takes.
final class MemoryAnchorTests: XCTestCase {
  private struct Published: Sendable {
    let name: String
    let parameters: Int
    let model: @Sendable () -> any Module<Tensor, Tensor>
  }

  private static func gpt2(
    _ name: String, _ parameters: Int, _ features: Int, _ heads: Int, _ layers: Int
  )
    -> Published
  {
    Published(name: name, parameters: parameters) {
      GPT(
        .init(
          vocabulary: 50_257, context: 1024, features: features, heads: heads, layers: layers))
    }
  }

  /// Parameters as the published checkpoints have them: GPT-2's head is the embedding, BERT's is that of masked words.
  private static let models = [
    gpt2("GPT-2 124M", 124_439_808, 768, 12, 12), gpt2("GPT-2 350M", 354_823_168, 1024, 16, 24),
    gpt2("GPT-2 1.5B", 1_557_611_200, 1600, 25, 48),
    Published(name: "BERT large", parameters: 335_174_458) {
      BERT(.init(vocabulary: 30_522, context: 512, features: 1024, heads: 16, layers: 24))
    },
  ]

  /// A model of any type.
  private final class AnyModel: Module {
    let body: any Module<Tensor, Tensor>
    init(_ body: any Module<Tensor, Tensor>) { self.body = body }
    func forward(_ x: Tensor) -> Tensor { body(x) }
  }

  private enum Setting: CaseIterable {
    case momentum, full, mixed, half

    /// Bytes a parameter of weights, gradients and optimizer. Pure bfloat16 keeps what rounding took off each weight in
    /// 16 bits more, which with the weight is the master copy of the formula of 16.
    var bytes: (weights: Int, gradients: Int, optimizer: Int) {
      switch self {
      case .momentum: (4, 4, 4)
      case .full, .mixed: (4, 4, 8)
      case .half: (2, 2, 10)
      }
    }

    var optimizer: any Optimizer { self == .momentum ? SGD(momentum: 0.9) : AdamW() }
    var precision: Precision { self == .mixed ? .mixed(.bfloat16) : .full }
  }

  private func timeline(_ published: Published, _ setting: Setting) throws -> MemoryTimeline {
    try MemoryPlan {
      let model = AnyModel(published.model())
      if setting == .half { model.convert(to: .bfloat16) }
      XCTAssertEqual(
        model.parameters.reduce(0) { $0 + $1.parameter.value.count }, published.parameters,
        published.name)
      var run = TrainingRun(
        model: model, optimizer: setting.optimizer, schedule: .constant(1e-3),
        precision: setting.precision)
      for _ in 0..<2 {
        _ = try run.step { $0(Tensor.zeros([1, 8], dtype: .int64)).square().mean() }
      }
    }.timeline
  }

  /// 12 bytes a parameter for momentum, 16 for AdamW; for mixed precision 18 of
  ///   which 2 are the casts of what is multiplied, and 14 where the weights are halves.
  ///
  /// - Source: Rajbhandari et al. 2020, arXiv:1910.02054, section 3.1.
  func testStatesTakeThePublishedBytesAParameter() throws {
    for published in Self.models {
      for setting in Setting.allCases {
        let timeline = try timeline(published, setting)
        let bills = timeline.bills(at: Array(timeline.live.indices))
        // The last time that all gradients are there.
        let bill = bills.enumerated().max {
          ($0.element[.gradients], $0.offset) < ($1.element[.gradients], $1.offset)
        }!.element
        func bytes(_ owner: MemoryOwner) -> Double {
          Double(bill[owner]) / Double(published.parameters)
        }
        let name = "\(published.name), \(setting)"
        // Blocks are of whole pages, and biases of few elements have blocks of 64 bytes.
        let expected = setting.bytes
        XCTAssertEqual(bytes(.weights), Double(expected.weights), accuracy: 0.005, name)
        XCTAssertEqual(bytes(.gradients), Double(expected.gradients), accuracy: 0.005, name)
        XCTAssertEqual(bytes(.optimizer), Double(expected.optimizer), accuracy: 0.005, name)
      }
    }
  }

  /// What one layer of a GPT keeps for the backward pass under bfloat16, in units of sequence · batch · features bytes.
  private func keptByALayer(dropout: Double, _ b: Int, _ s: Int, _ h: Int, _ a: Int) -> Double {
    func kept(_ layers: Int) -> Int {
      var output = Tensor(0.0)
      let plan = MemoryPlan {
        let model = GPT(
          vocabulary: 64, context: s, features: h, heads: a, layers: layers, dropout: dropout)
        output = Context.current.charging(.activations) {
          autocast(.bfloat16) { model(Tensor.zeros([b, s], dtype: .int64)) }
        }
      }
      // It holds the graph.
      withExtendedLifetime(output) {}
      return plan.timeline.bill(at: plan.timeline.live.count - 1)[.activations]
    }
    return Double(kept(5) - kept(4)) / Double(s * b * h)
  }

  /// Korthikanti et al. count 34 + 5as/h: 11 + 5as/h of the attention, 19 of the feed-forward layer, 4 of the norms.
  /// A layer of ours keeps less, item by item.
  ///
  /// - Source: Korthikanti et al. 2022, arXiv:2205.05198, eq. 2.
  func testALayerKeepsThePublishedActivationsLessWhatIsMadeAgain() {
    for (b, s, h, a) in [(8, 256, 256, 8), (4, 512, 256, 4), (2, 256, 512, 16)] {
      let squares = Double(a * s) / Double(h)
      let published = 34 + 5 * squares
      // GELU's result, made again from its input.
      let activation = 8.0
      // A norm's input, and its result: both are made again from the standardized sample, which is kept in 16 bits.
      let norms = 2 * (2.0 + 2.0 - 2.0)
      // Two masks of elements and one of attention weights, drawn again; and the weights that stayed.
      let (masks, dropped) = (2.0, 3 * squares)
      // One number a token and norm: the root of its variance.
      let roots = 2 * 4 / Double(h)
      XCTAssertEqual(
        keptByALayer(dropout: 0.1, b, s, h, a),
        published - activation - norms - masks - dropped + roots, accuracy: 1e-3)
      // Without dropout the weights are never in memory.
      XCTAssertEqual(
        keptByALayer(dropout: 0, b, s, h, a),
        34 - activation - norms - masks + roots, accuracy: 1e-3)
    }
  }
}
