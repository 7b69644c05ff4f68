import Foundation
import Pictures
import RunLog

/// A folder that goes away.
final class Workspace {
  let url = FileManager.default.temporaryDirectory.appending(path: "runlog-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func callAsFunction(_ name: String) -> URL { url.appending(path: name) }
}

func text(of url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

func append(_ text: String, to url: URL) throws {
  let file = try FileHandle(forWritingTo: url)
  defer { try? file.close() }
  try file.seekToEnd()
  try file.write(contentsOf: Data(text.utf8))
}

extension Picture {
  /// How many pixels differ from a colour (0 to 1) by at most 2 of 255, within columns.
  func count(of color: SIMD3<Double>, x: Range<Int>? = nil) -> Int {
    let wanted = (0..<3).map { Int((color[$0] * 255).rounded()) }
    return (0..<height).reduce(0) { count, y in
      count
        + (x ?? 0..<width).count { x in
          (0..<3).allSatisfy { abs(Int(pixels[3 * (y * width + x) + $0]) - wanted[$0]) <= 2 }
        }
    }
  }

  /// The rows from top to bottom that hold a colour in a column.
  func rows(of color: SIMD3<Double>, x: Int) -> [Int] {
    let wanted = (0..<3).map { Int((color[$0] * 255).rounded()) }
    return (0..<height).filter { y in
      (0..<3).allSatisfy { abs(Int(pixels[3 * (y * width + x) + $0]) - wanted[$0]) <= 2 }
    }
  }
}
