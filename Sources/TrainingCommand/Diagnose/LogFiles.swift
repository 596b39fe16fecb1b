internal import FoundationEssentials

/// The logs that are meant by the words of a command line.
enum LogFiles {
  /// A log, and whether it was found in a folder rather than asked for by name.
  struct Log {
    let path: String
    var isFound = false
  }

  private static let endings = [".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".log"]

  /// The files themselves, and what looks like a log in folders and below.
  static func logs(_ words: [String]) throws(UsageError) -> [Log] {
    var logs: [Log] = []
    for word in words {
      var isFolder = false
      guard word != "-", FileManager.default.fileExists(atPath: word, isDirectory: &isFolder),
        isFolder
      else {
        logs.append(Log(path: word))
        continue
      }
      let found = try files(in: word)
      guard !found.isEmpty else {
        throw UsageError("\(word): expected logs in the folder, got none", .noInput)
      }
      logs += found.map { Log(path: $0, isFound: true) }
    }
    return logs
  }

  private static func files(in folder: String) throws(UsageError) -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    } catch {
      throw UsageError("\(folder): expected a folder that can be read", .noInput)
    }
    let base = folder.hasSuffix("/") ? folder : folder + "/"
    return names.filter(isLog).sorted().map { base + $0 }
  }

  private static func isLog(_ name: String) -> Bool {
    let parts = name.split(separator: "/")
    guard let last = parts.last, !parts.contains(where: { $0.hasPrefix(".") }) else { return false }
    return last.contains("tfevents") || endings.contains { last.hasSuffix($0) }
  }
}
