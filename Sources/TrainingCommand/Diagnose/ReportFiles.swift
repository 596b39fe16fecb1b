internal import FoundationEssentials
internal import TrainingDiagnostics

/// The page and the pictures that a user asked for.
struct ReportFiles {
  let page: String?
  let folder: String?
  private var runs: [ReportedRun] = []

  init(page: String?, folder: String?) throws(UsageError) {
    (self.page, self.folder) = (page, folder)
    // Found out before anything is done that takes its time.
    if let page { try File.checkWritable(page) }
    if let folder { try Self.create(folder) }
  }

  /// Whether anything is asked for.
  var areWanted: Bool { page != nil || folder != nil }

  /// Takes a run into the reports.
  mutating func add(_ run: ReportedRun) {
    if areWanted { runs.append(run) }
  }

  /// Writes what was asked for, if there is a run to tell of, under a title that may depend on their number.
  func write(title: (Int) -> String) throws(UsageError) {
    guard !runs.isEmpty else { return }
    if let page {
      try File.write(HTMLReport(title: title(runs.count), runs: named).html, to: page)
    }
    if let folder { try draw(in: folder) }
  }

  /// The runs by their paths without the folders that all of them are in.
  private var named: [ReportedRun] {
    let paths = runs.map { $0.name.split(separator: "/", omittingEmptySubsequences: false) }
    let shortest = paths.map(\.count).min() ?? 1
    let shared = (0..<shortest - 1).prefix { part in paths.allSatisfy { $0[part] == paths[0][part] }
    }
    return zip(runs, paths).map { run, path in
      let name = path.dropFirst(shared.count).joined(separator: "/")
      return ReportedRun(
        name: name, record: run.record, diagnosis: run.diagnosis, treatments: run.treatments)
    }
  }

  private func draw(in folder: String) throws(UsageError) {
    var taken: Set<String> = []
    for run in runs {
      let name = Self.fileName(run.name, besides: taken)
      taken.insert(name)
      for plot in Plot.all {
        guard let picture = SVGPlot(plot, of: run) else { continue }
        try File.write(picture.svg, to: "\(folder)/\(name)-\(plot.name).svg")
      }
    }
  }

  /// The name of a log without its folder, of letters that every file system takes, and unlike the others.
  private static func fileName(_ path: String, besides taken: Set<String>) -> String {
    let last = path.split(separator: "/").last ?? "run"
    let plain = String(
      last.map { ($0.isASCII && ($0.isLetter || $0.isNumber)) || "._-".contains($0) ? $0 : "-" })
    let base = plain.hasPrefix(".") ? "run" + plain : plain
    var (name, number) = (base, 2)
    while taken.contains(name) { (name, number) = ("\(base)-\(number)", number + 1) }
    return name
  }

  private static func create(_ folder: String) throws(UsageError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw UsageError("cannot create the folder \(folder)", .cannotCreate)
    }
    try File.checkWritable(folder + "/plot.svg")
  }
}
