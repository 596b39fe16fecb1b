#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A folder of the file system.
struct Folder {
  let path: String

  init(_ path: String) { self.path = path.isEmpty ? "." : path }

  /// The folder that a file lies in.
  init(of file: String) {
    let cut = file.utf8.lastIndex(of: UInt8(ascii: "/"))
    path = cut.map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
  }

  func path(of name: String) -> String { path.hasSuffix("/") ? path + name : path + "/" + name }

  /// What lies in the folder; nil when the system does not say.
  func names() -> [String]? {
    guard let list = opendir(path) else { return nil }
    defer { closedir(list) }
    var names: [String] = []
    while let entry = readdir(list) {
      let name = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
      names.append(String(cString: name.assumingMemoryBound(to: CChar.self)))
    }
    return names
  }

  /// What lies in the folder; nothing when there is none.
  func existingNames() throws(CheckpointError) -> [String] {
    if let names = names() { return names }
    guard errno == ENOENT else { throw .system(path, "to list the folder") }
    return []
  }

  /// Makes the folder, and those that it lies in, where there are none.
  func create() throws(CheckpointError) {
    if mkdir(path, 0o777) == 0 { return try Folder(of: path).sync() }
    if errno == EEXIST { return }
    let parent = Folder(of: path)
    guard errno == ENOENT, parent.path.utf8.count < path.utf8.count else {
      throw .system(path, "to make the folder")
    }
    try parent.create()
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw .system(path, "to make the folder")
    }
    try parent.sync()
  }

  /// Removes a file, if it is there.
  func remove(_ name: String) throws(CheckpointError) {
    let file = path(of: name)
    guard unlink(file) == 0 || errno == ENOENT else { throw .system(file, "to remove it") }
  }

  /// Makes names last that were given or changed in the folder.
  func sync() throws(CheckpointError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, "to sync the folder") }
    defer { close(descriptor) }
    // Some file systems have nothing to sync in a folder, and say so.
    guard synchronize(descriptor) || errno == EINVAL || errno == ENOTSUP else {
      throw .system(path, "to sync the folder")
    }
  }
}
