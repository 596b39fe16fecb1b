import Foundation
import TestSupport
import TrainingKit
import XCTest

final class DataSamplerTests: XCTestCase {
  private func positions(
    _ sampler: some Sampler, of count: Int, epoch: Int = 0, seed: UInt64 = 0
  ) -> [Int] {
    sampler.positions(of: count, epoch: epoch, generator: RandomGenerator(seed: seed))
  }

  private func dataset(_ count: Int) -> TensorDataset {
    TensorDataset(inputs: Tensor.range(0, count), labels: Tensor.range(0, count))
  }

  func testEverySamplerOfPyTorchIsMatched() throws {
    let file = try FixtureFile("data")
    let cases = try file.cases("sampler")
    XCTAssertEqual(cases.count, 78)
    for parity in cases {
      withEvery("sampler", in: ["\(parity.name), \(parity.attributes)"]) { _ in
        for (name, order) in order(of: parity) {
          expect(order == file.tensor(name, of: parity)!.elements(), "\(name): \(order)")
        }
      }
    }
    print("samplers beside PyTorch's: \(cases.count) cases")
  }

  private func order(of parity: ParityCase) -> [(String, [Int])] {
    func ints(_ name: String) -> [Int] { parity.attributes[name]!.ints }
    if parity.name == "distributed" {
      let (ranks, count) = (
        parity.attributes["ranks"]!.number, parity.attributes["count"]!.number
      )
      let remainder: DistributedSampler.Remainder =
        parity.attributes["drops"]!.flag ? .dropped : .repeated
      return (0..<Int(ranks)).map { rank in
        let sampler = DistributedSampler(
          rank: rank, of: Int(ranks), remainder: remainder, sharing: .sequential)
        return ("\(rank)", positions(sampler, of: Int(count)))
      }
    }
    let generator = RandomGenerator(mersenneTwister: UInt64(parity.attributes["seed"]!.number))
    let loader =
      if parity.name == "weighted" {
        DataLoader(
          dataset(ints("weights").count), batchSize: 8,
          sampler: .weighted(parity.attributes["weights"]!.list.map(\.number), count: 50),
          generator: generator)
      } else {
        DataLoader(
          dataset(100), batchSize: 8, sampler: .subset(ints("indices")), generator: generator)
      }
    return ["first", "second"].map { ($0, loader.flatMap(\.indices)) }
  }

  func testTheContractsExample() {
    func ranks(_ remainder: DistributedSampler.Remainder) -> [[Int]] {
      (0..<2).map {
        positions(
          .distributed(rank: $0, of: 2, remainder: remainder, sharing: .sequential), of: 5)
      }
    }
    XCTAssertEqual(ranks(.repeated), [[0, 2, 4], [1, 3, 0]])
    XCTAssertEqual(ranks(.dropped), [[0, 2], [1, 3]])
    XCTAssertEqual(ranks(.kept), [[0, 2, 4], [1, 3]])
  }

  func testRanksShareOutEveryExampleOnceWhenTheRemainderIsKept() {
    for count in [0, 1, 5, 8, 13] {
      for ranks in 1...5 {
        let shares = (0..<ranks).map { rank in
          positions(.distributed(rank: rank, of: ranks, remainder: .kept), of: count, seed: 3)
        }
        XCTAssertEqual(shares.flatMap(\.self).sorted(), Array(0..<count), "\(count) on \(ranks)")
        for remainder in [DistributedSampler.Remainder.repeated, .dropped, .kept] {
          for rank in 0..<ranks {
            let sampler = DistributedSampler(rank: rank, of: ranks, remainder: remainder)
            XCTAssertEqual(positions(sampler, of: count).count, sampler.count(of: count))
          }
        }
      }
    }
  }

  /// PyTorch's gives the same order in every epoch until it is told the epoch.
  func testRanksHaveAnotherOrderInEveryEpochWithoutBeingTold() {
    let loaders = (0..<2).map { rank in
      DataLoader(
        dataset(10), batchSize: 2, sampler: .distributed(rank: rank, of: 2), seed: 7)
    }
    var orders: Set<[Int]> = []
    for _ in 0..<10 {
      let shares = loaders.map { $0.flatMap(\.indices) }
      XCTAssertEqual((shares[0] + shares[1]).sorted(), Array(0..<10))
      orders.insert(shares[0])
    }
    XCTAssertEqual(orders.count, 10)
  }

  func testSamplersCompose() {
    let parts = (0..<3).map { rank in
      positions(
        .distributed(rank: rank, of: 3, sharing: .subset([4, 8, 6, 2], ordered: .sequential)),
        of: 9)
    }
    XCTAssertEqual(parts, [[4, 2], [8, 4], [6, 8]])
    let loader = DataLoader(
      dataset(4), batchSize: 3,
      sampler: .distributed(rank: 0, of: 2, sharing: .weighted([0, 1, 0, 0], count: 9)))
    XCTAssertEqual(loader.map(\.indices), [[1, 1, 1], [1, 1]])
    XCTAssertEqual(loader.batchCount, 2)
  }

  func testDrawsFollowTheWeights() {
    let weights = [1.0, 0, 2, 5, 0]
    for replacement in [true, false] {
      var counts = [0, 0, 0, 0, 0]
      let draws = 4_000
      if replacement {
        for place in positions(.weighted(weights, count: draws), of: 5) { counts[place] += 1 }
      } else {
        for seed in 0..<draws {
          let order = positions(
            .weighted(weights, count: 3, replacement: false), of: 5, seed: UInt64(seed))
          XCTAssertEqual(order.sorted(), [0, 2, 3])
          counts[order[0]] += 1
        }
      }
      // Pearson's statistic of two degrees of freedom; 13.8 is passed once in a thousand.
      let expected = weights.map { $0 / 8 * Double(draws) }
      let statistic = zip(counts, expected).reduce(0.0) { sum, pair in
        pair.1 == 0 ? sum : sum + (Double(pair.0) - pair.1) * (Double(pair.0) - pair.1) / pair.1
      }
      XCTAssertLessThan(statistic, 13.8, "\(counts)")
      XCTAssertEqual([counts[1], counts[4]], [0, 0])
    }
  }

  func testWeightsOfAnySize() {
    let (huge, tiny) = (Double.greatestFiniteMagnitude, Double.leastNonzeroMagnitude)
    XCTAssertEqual(Set(positions(.weighted([huge, huge, 0], count: 100), of: 3)), [0, 1])
    XCTAssertEqual(Set(positions(.weighted([0, tiny, 0], count: 9), of: 3)), [1])
    let all = positions(.weighted([huge, tiny, 0, 1], count: 3, replacement: false), of: 4)
    XCTAssertEqual(all.sorted(), [0, 1, 3])
  }

  func testBalancedClassesComeEquallyOften() {
    let classes = Array(repeating: 4, count: 90) + Array(repeating: -1, count: 10)
    let order = positions(.balanced(classes, count: 10_000), of: 100)
    let share = Double(order.count { classes[$0] == 4 }) / 10_000
    XCTAssertEqual(share, 0.5, accuracy: 0.02)
    XCTAssertEqual(positions(.balanced(classes), of: 100).count, 100)
  }

  func testMistakesAreSentences() {
    let loader = DataLoader(dataset(4), batchSize: 2, sampler: .weighted([1, 2]))
    let mistakes: [(String, () -> Void)] = [
      ("WeightedSampler: expected finite weights of 0 or more, got -1.0 at 1", weighted([1, -1])),
      ("WeightedSampler: expected finite weights of 0 or more, got nan at 0", weighted([.nan])),
      (
        "WeightedSampler: expected finite weights of 0 or more, got inf at 0", weighted([.infinity])
      ),
      ("WeightedSampler: expected a weight above 0, got none of 2", weighted([0, 0])),
      ("WeightedSampler: expected a weight above 0, got none of 0", weighted([])),
      ("WeightedSampler: expected a count of 1 or more, got 0", weighted([1], count: 0)),
      (
        "WeightedSampler: expected a count of at most 1, the weights above 0, got 2",
        weighted([1, 0], count: 2, replacement: false)
      ),
      (
        "WeightedSampler: expected 2 examples, one for each weight, got 4",
        { _ = Array(loader) }
      ),
      (
        "DistributedSampler: expected a rank from 0 and below the number of ranks, got 2 of 2",
        { _ = DistributedSampler(rank: 2, of: 2) }
      ),
      (
        "DistributedSampler: expected a rank from 0 and below the number of ranks, got 0 of 0",
        { _ = DistributedSampler(rank: 0, of: 0) }
      ),
      (
        "batch: expected positions below 4, got 4",
        { [self] in _ = Array(DataLoader(dataset(4), batchSize: 9, sampler: .subset([0, 4]))) }
      ),
    ]
    for (sentence, body) in mistakes {
      XCTAssertThrowsError(try validated { body() }) { XCTAssertEqual("\($0)", sentence) }
    }
  }

  private func weighted(
    _ weights: [Double], count: Int? = nil, replacement: Bool = true
  ) -> () -> Void {
    { _ = WeightedSampler(weights, count: count, replacement: replacement) }
  }
}
