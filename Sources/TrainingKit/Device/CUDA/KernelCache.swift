#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Compiled kernels on the disk, so that a program compiles each once and never again: a file for each, named by a hash
/// of all that its code depends on. It is in the folder `TRAININGKIT_KERNEL_CACHE` names, which is none where that is
/// empty, or else in `TrainingKit/kernels` in the user's cache.
enum KernelCache {
  /// The code of a kernel that was compiled before; nil where there is none, or a damaged one.
  static func image(for request: KernelRequest) -> CUDAImage? {
    guard let path = path(of: request), let bytes = contents(of: path) else { return nil }
    return CUDAImage(sealed: bytes, key: request.hash)
  }

  /// Keeps the code of a kernel. A disk that does not take it costs the next program its compilation, and nothing else.
  static func keep(_ image: CUDAImage, for request: KernelRequest) {
    guard let path = path(of: request), let folder else { return }
    makeFolders(folder)
    // The system puts letters of its own in the place of each X.
    var name = Array("\(path).XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else { return }
    let bytes = image.sealed(key: request.hash)
    let isWritten =
      bytes.withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) } == bytes.count
    close(descriptor)
    // A reader sees the whole file, or none.
    if !isWritten || rename(name, path) != 0 { unlink(name) }
  }

  private static var folder: String? {
    if let path = environment("TRAININGKIT_KERNEL_CACHE") { return path.isEmpty ? nil : path }
    if let caches = environment("XDG_CACHE_HOME"), !caches.isEmpty {
      return caches + "/TrainingKit/kernels"
    }
    return environment("HOME").map { $0 + "/.cache/TrainingKit/kernels" }
  }

  private static func path(of request: KernelRequest) -> String? {
    folder.map { "\($0)/\(String(request.hash, radix: 16)).\(request.architecture)" }
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  private static func makeFolders(_ path: String) {
    var part = ""
    for name in path.split(separator: "/", omittingEmptySubsequences: false) {
      part +=
        part.isEmpty && name.isEmpty ? "/" : part.hasSuffix("/") || part.isEmpty ? name : "/" + name
      mkdir(part, 0o755)
    }
  }

  private static func contents(of path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return ferror(file) == 0 ? bytes : nil }
      bytes += buffer[..<count]
    }
  }
}

/// FNV-1a: tells texts apart, and a whole file from a damaged one.
struct KernelHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  /// A string, and an end that no string holds.
  mutating func add(_ text: String) {
    add(text.utf8)
    add([0xff])
  }
}

extension KernelRequest {
  fileprivate var hash: UInt64 {
    var hash = KernelHash()
    let texts = KernelTexts.shared
    hash.add("\(texts.headerHash)")
    hash.add(texts.text(named: kernel.source.rawValue).map { String(cString: $0) } ?? "")
    hash.add(kernel.expression)
    hash.add(compiler)
    options.forEach { hash.add($0) }
    return hash.value
  }
}

extension CUDAImage {
  /// The name, an end, the code, and a hash of both and of the key.
  fileprivate func sealed(key: UInt64) -> [UInt8] {
    let bytes = Array(name.utf8) + [0] + code
    return bytes + CUDAImage.seal(bytes, key)
  }

  fileprivate init?(sealed bytes: [UInt8], key: UInt64) {
    guard bytes.count > 8 else { return nil }
    let content = Array(bytes.dropLast(8))
    guard Array(bytes.suffix(8)) == CUDAImage.seal(content, key),
      let end = content.firstIndex(of: 0)
    else { return nil }
    name = String(decoding: content[..<end], as: UTF8.self)
    code = Array(content[(end + 1)...])
  }

  private static func seal(_ bytes: [UInt8], _ key: UInt64) -> [UInt8] {
    var hash = KernelHash()
    hash.add("\(key)")
    hash.add(bytes)
    return withUnsafeBytes(of: hash.value.littleEndian, Array.init)
  }
}
