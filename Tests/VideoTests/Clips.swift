import Foundation
import Pictures
import Testing
import Video

/// A folder in which ffmpeg makes videos, removed with the object.
final class Clips: Sendable {
  let folder: URL

  /// Where it is not, videos can neither be made nor read.
  static let canBeMade = (try? run(["-version"])) != nil

  init() throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appending(path: "glip-video-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func url(_ name: String) -> URL { folder.appending(path: name) }

  /// Names in the folder, hidden ones included.
  var contents: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  /// A video of these very pixels, if the options name nothing that loses some.
  @discardableResult
  func video(
    _ name: String, of frames: [Picture], rate: Double = 10,
    options: [String] = ["-c:v", "ffv1", "-pix_fmt", "bgr0"]
  ) throws -> URL {
    let first = try #require(frames.first)
    let raw = url("frames.raw")
    try Data(frames.flatMap(\.pixels)).write(to: raw)
    defer { try? FileManager.default.removeItem(at: raw) }
    let input = [
      "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", "\(first.width)x\(first.height)",
      "-framerate",
      "\(rate)", "-i", "file:\(raw.path)",
    ]
    try Self.run(input + options + ["-y", "file:\(url(name).path)"])
    return url(name)
  }

  @discardableResult
  func write(_ data: Data, to name: String) throws -> URL {
    try data.write(to: url(name))
    return url(name)
  }

  /// Pictures of which no two are the same.
  static func pictures(_ count: Int, width: Int = 98, height: Int = 66) -> [Picture] {
    (0..<count).map { index in
      var pixels: [UInt8] = []
      for y in 0..<height {
        for x in 0..<width { pixels += [UInt8(2 * x % 256), UInt8(3 * y % 256), UInt8(8 * index % 256)] }
      }
      return Picture(width: width, height: height, pixels: pixels)
    }
  }

  static func run(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["ffmpeg", "-nostdin", "-v", "error"] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    struct Failure: Error {}
    guard process.terminationStatus == 0 else { throw Failure() }
  }

  /// Whether a process that was given a path in the folder still runs, after some time for it to end.
  func isStillWorkedOn() -> Bool {
    for _ in 0..<500 {
      let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      let isNamed = processes.contains { process in
        let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
        return String(decoding: command, as: UTF8.self).contains(folder.path)
      }
      guard isNamed else { return false }
      usleep(10_000)
    }
    return true
  }
}

extension VideoReader {
  /// All that are left.
  func frames() throws -> [Picture] {
    var frames: [Picture] = []
    while let frame = try next() { frames.append(frame) }
    return frames
  }
}

extension Picture {
  /// The mean difference of their bytes.
  func difference(to other: Picture) -> Double {
    let sum = zip(pixels, other.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(pixels.count)
  }
}
