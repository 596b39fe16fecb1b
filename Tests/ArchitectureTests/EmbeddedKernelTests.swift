import Foundation
import XCTest

/// The CUDA compiler sees of the package's files only what is embedded.
final class EmbeddedKernelTests: XCTestCase {
  func testEveryFileOfKernelsIsEmbeddedUnderTheNameItIsIncludedBy() throws {
    let folder = "Sources/CTrainingKernels/"
    let kernels = try SourceFile.all(in: folder + "CUDA", ".cu", ".cuh").map {
      (name: $0.path.dropFirst(folder.count + "CUDA/".count), file: $0)
    }
    let headers = try SourceFile.all(in: folder + "include/CUDA", ".h").map {
      (name: $0.path.dropFirst(folder.count + "include/".count), file: $0)
    }
    let tables = try SourceFile.all(in: folder + "Tables", ".h").map {
      (name: $0.path.dropFirst(folder.count), file: $0)
    }
    let files = kernels + headers + tables
    let embedded = try String(
      contentsOf: SourceFile.root.appendingPathComponent(folder + "CUDASources.c"), encoding: .utf8)
    for (name, file) in files {
      let path = file.path.dropFirst(folder.count)
      let entry = "TEXT(\"\(name)\")\n#embed \"\(path)\"\nEND\n"
      XCTAssertTrue(embedded.contains(entry), "CUDASources.c must have\n\(entry)")
    }
    XCTAssertEqual(embedded.components(separatedBy: "#embed").count - 1, files.count)
    XCTAssertGreaterThan(files.count, 4)
  }

  /// What is in a kernel's text and in no other is in the list of what tests and the gate compile.
  func testEveryKernelIsRegistered() throws {
    // Its one argument tells a kernel's name from what is said of it.
    let pattern = try NSRegularExpression(pattern: #"__global__[^;{]*?(\w+)\(\s*tk_cuda_"#)
    for file in try SourceFile.all(in: "Sources/CTrainingKernels/CUDA", ".cu") {
      let name = file.path.split(separator: "/").last!.dropLast(3)
      let registered = try SourceFile.all(in: "Tests/FakeCUDA/Kernels", name + ".cpp")
      XCTAssertEqual(registered.count, 1, "\(file)")
      let words = registered.first?.words ?? []
      let code = file.code
      for match in pattern.matches(in: code, range: NSRange(code.startIndex..., in: code)) {
        let kernel = Range(match.range(at: 1), in: code).map { String(code[$0]) } ?? ""
        XCTAssertTrue(words.contains(kernel), "\(kernel) of \(file) is not registered")
      }
    }
  }
}
