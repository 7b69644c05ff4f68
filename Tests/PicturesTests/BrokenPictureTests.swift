import Foundation
import Pictures
import Testing

@Suite struct BrokenPictureTests {
  private func error(_ data: Data, limits: DecodingLimits = .default) -> PictureError? {
    do throws(PictureError) {
      _ = try Picture(data: data, name: "x", limits: limits)
      return nil
    } catch {
      return error
    }
  }

  private func error(_ url: URL, limits: DecodingLimits = .default) -> PictureError? {
    do throws(PictureError) {
      _ = try Picture(contentsOf: url, limits: limits)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "a file cut anywhere is refused, not half decoded",
    arguments: [
      "rgb.png", "palette.png", "420.jpg", "progressive.jpg", "gray.jpg", "lossy.webp", "lossless.webp",
      "alpha.webp", "rgb.tiff", "lzw.tiff", "deflate.tiff", "palette.gif", "interlaced.gif", "rgb.bmp",
      "palette.bmp",
    ])
  func truncated(name: String) throws {
    let data = try Fixtures.data(name)
    for length in stride(from: 16, to: data.count - 2, by: 7) {
      guard case .broken = error(data.prefix(length)) else {
        Issue.record("\(name) cut to \(length) of \(data.count) bytes was not refused")
        return
      }
    }
  }

  @Test func anAnimationNeedsOnlyItsFirstFrame() throws {
    let data = try Fixtures.data("animated.gif")
    #expect(error(data.prefix(data.count - 20)) == nil)
  }

  @Test func missingRowsAreNoticed() throws {
    let expected = PictureError.broken(name: "x", format: .png, reason: "pixels are missing")
    #expect(error(try Fixtures.data("short.png.broken")) == expected)
  }

  @Test func otherFilesAreNamedAsSuch() throws {
    try Fixtures.withFolder { folder in
      let text = folder.appendingPathComponent("text.jpg")
      try Data("This is no picture.".utf8).write(to: text)
      #expect(error(text) == .unknownFormat(name: text.relativePath))
      #expect("\(try #require(error(text)))".hasSuffix("(JPEG, PNG, WebP, TIFF, GIF or BMP)."))

      let empty = folder.appendingPathComponent("empty.png")
      try Data().write(to: empty)
      #expect(error(empty) == .unreadable(name: empty.relativePath, reason: "it is empty"))

      #expect(error(folder) == .unreadable(name: folder.relativePath, reason: "it is a folder"))
      let device = URL(fileURLWithPath: "/dev/zero")
      #expect(error(device) == .unreadable(name: "/dev/zero", reason: "it is not a regular file"))
      let missing = folder.appendingPathComponent("missing.png")
      #expect(
        error(missing) == .unreadable(name: missing.relativePath, reason: "no such file or directory"))
    }
  }

  @Test(
    "a header of 60,000 x 60,000 pixels is refused before memory is taken",
    arguments: ["rgb.png", "420.jpg", "rgb.tiff", "palette.gif", "rgb.bmp", "animated.webp"])
  func bomb(name: String) throws {
    let data = try enlarged(name)
    let before = try peakMemory()
    let duration = ContinuousClock().measure {
      let expected = PictureError.tooManyPixels(name: "x", width: 60_000, height: 60_000, limits: .default)
      #expect(error(data) == expected)
    }
    #expect(duration < .seconds(1))
    #expect(try peakMemory() - before < 500_000)
  }

  @Test(arguments: ["rgb.bmp", "rgb.tiff"]) func sizesBeyondAnyMachineAreRefused(name: String) throws {
    let data = try enlarged(name, to: 0x7FFF_FFFF)
    for side in [DecodingLimits.default.side, Int.max] {
      let limits = DecodingLimits(side: side)
      guard case .tooManyPixels = error(data, limits: limits) else {
        Issue.record("\(name) was not refused")
        return
      }
    }
  }

  @Test func limitsAreTheCallers() throws {
    let data = try Fixtures.data("rgb.png")
    let (width, height) = Fixtures.size
    #expect(error(data, limits: DecodingLimits(pixels: width * height, side: width)) == nil)
    for limits in [DecodingLimits(pixels: width * height - 1), DecodingLimits(side: width - 1)] {
      #expect(
        error(data, limits: limits)
          == .tooManyPixels(name: "x", width: width, height: height, limits: limits))
    }
    let limits = DecodingLimits(fileBytes: 50)
    #expect(error(data, limits: limits) == .fileTooLarge(name: "x", bytes: data.count, limit: 50))
    let url = Fixtures.url("rgb.png")
    let expected = PictureError.fileTooLarge(name: url.relativePath, bytes: data.count, limit: 50)
    #expect(error(url, limits: limits) == expected)
  }

  @Test func damagedFilesNeitherCrashNorPrint() throws {
    var random = SplitMix(state: 1)
    let printed = try Fixtures.withFolder { folder in
      try standardError(in: folder) {
        for name in Fixtures.pictures {
          let data = try Fixtures.data(name)
          for _ in 0..<60 {
            var damaged = data
            for _ in 0..<3 {
              let end = Bool.random(using: &random) ? damaged.count : 64
              damaged[Int.random(in: 0..<end, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = error(damaged, limits: DecodingLimits(pixels: 1_000_000))
          }
        }
      }
    }
    #expect(!printed.contains("WARNING") && !printed.contains("CRITICAL") && !printed.contains("TIFF"))
  }

  /// Sets the width and height in the header of a fixture.
  private func enlarged(_ name: String, to side: UInt32 = 60_000) throws -> Data {
    var data = try Fixtures.data(name)
    func put(_ value: UInt32, _ length: Int, bigEndian: Bool = false, at offset: Int) {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      data.replaceSubrange(offset..<offset + length, with: bigEndian ? bytes.reversed() : bytes)
    }
    switch name {
    case "rgb.png":
      for offset in [16, 20] { put(side, 4, bigEndian: true, at: offset) }
    case "420.jpg":
      let frame = try #require(data.firstRange(of: [0xFF, 0xC0])).lowerBound
      for offset in [5, 7] { put(side, 2, bigEndian: true, at: frame + offset) }
    case "rgb.tiff":
      for tag: UInt8 in [0, 1] {  // 256 and 257, as one 32-bit value each.
        let entry = try #require(data.firstRange(of: [tag, 1, 4, 0, 1, 0, 0, 0])).lowerBound
        put(side, 4, at: entry + 8)
      }
    case "palette.gif":
      for offset in [6, 8] { put(side, 2, at: offset) }
    case "rgb.bmp":
      for offset in [18, 22] { put(side, 4, at: offset) }
    default:
      for offset in [24, 27] { put(side - 1, 3, at: offset) }
    }
    return data
  }

  /// The most memory this process has had, in KiB.
  private func peakMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(Int(line.filter(\.isNumber)))
  }

  /// What is printed to standard error meanwhile.
  private func standardError(in folder: URL, during body: () throws -> Void) throws -> String {
    let url = folder.appendingPathComponent("stderr")
    let saved = dup(2)
    let file = open(url.path, O_CREAT | O_WRONLY, 0o600)
    dup2(file, 2)
    defer {
      dup2(saved, 2)
      close(saved)
      close(file)
    }
    try body()
    return try String(contentsOf: url, encoding: .utf8)
  }
}

/// The same numbers every time.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
