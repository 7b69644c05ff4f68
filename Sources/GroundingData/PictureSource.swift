import Foundation
import Pictures

/// Where a picture's bytes are.
public enum PictureSource: Sendable, Hashable {
  case file(URL)
  /// Within another file, as they are: a member of a tar archive.
  case slice(of: URL, offset: Int, count: Int)
  /// Within another file in base64: a column of the authors' TSV.
  case base64(of: URL, offset: Int, count: Int)
  /// In no file.
  case made(MadePicture)

  /// Reads and decodes the picture. Reads no more than its own bytes, and none that `limits` does not allow.
  public func load(limits: DecodingLimits = .default) throws(PictureError) -> Picture {
    if case .file(let url) = self { return try Picture(contentsOf: url, limits: limits) }
    return try Picture(data: bytes(limits: limits), name: name, limits: limits)
  }

  /// The bytes of the picture's own file, still encoded.
  public func bytes(limits: DecodingLimits = .default) throws(PictureError) -> Data {
    switch self {
    case .file(let url):
      return try read(url, offset: 0, count: nil, limit: limits.fileBytes)
    case .slice(let url, let offset, let count):
      return try read(url, offset: offset, count: count, limit: limits.fileBytes)
    case .base64(let url, let offset, let count):
      let text = try read(url, offset: offset, count: count, limit: limits.fileBytes / 3 * 4 + 4)
      guard let data = Data(base64Encoded: text) else {
        throw .unreadable(name: name, reason: "it is not valid base64")
      }
      return data
    case .made(let picture):
      return try picture.bytes()
    }
  }

  /// For messages.
  public var name: String {
    switch self {
    case .file(let url): url.relativePath
    case .slice(let url, let offset, _), .base64(let url, let offset, _):
      "\(url.relativePath) at byte \(offset)"
    case .made(let picture): picture.name
    }
  }

  /// Whether the bytes are there at all, without reading them.
  public func checkPresence() throws(PictureError) {
    let url: URL
    let end: Int
    switch self {
    case .file(let file): (url, end) = (file, 1)
    case .slice(let file, let offset, let count), .base64(let file, let offset, let count):
      (url, end) = (file, offset + count)
    case .made: return
    }
    var info = stat()
    guard stat(url.path, &info) == 0 else { throw failure() }
    guard info.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(name: name, reason: "it is not a regular file")
    }
    guard info.st_size >= end else { throw .unreadable(name: name, reason: "the file ends early") }
  }

  private func read(_ url: URL, offset: Int, count: Int?, limit: Int) throws(PictureError) -> Data {
    // Not blocking: opening a named pipe would otherwise wait for a writer.
    let descriptor = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw failure() }
    let count = count ?? Int(info.st_size)
    guard count <= limit else { throw .fileTooLarge(name: name, bytes: count, limit: limit) }
    // Before there is memory for it.
    guard offset >= 0, count >= 0, count <= Int(info.st_size) - offset else {
      throw .unreadable(name: name, reason: "the file ends early")
    }
    var data = Data(count: count)
    var done = 0
    while done < count {
      let status = data.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + done, count - done, off_t(offset + done))
      }
      if status < 0 && errno == EINTR { continue }
      guard status >= 0 else { throw failure() }
      guard status > 0 else { throw .unreadable(name: name, reason: "the file ends early") }
      done += status
    }
    return data
  }

  private func failure() -> PictureError {
    .unreadable(name: name, reason: String(cString: strerror(errno)).lowercased())
  }
}

/// A picture that is made when it is asked for, the same every time.
public struct MadePicture: Sendable, Hashable {
  /// Tells it from all others.
  public let name: String
  /// Its encoded bytes.
  let bytes: @Sendable () throws(PictureError) -> Data

  public init(name: String, bytes: @escaping @Sendable () throws(PictureError) -> Data) {
    (self.name, self.bytes) = (name, bytes)
  }

  public static func == (left: Self, right: Self) -> Bool { left.name == right.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
