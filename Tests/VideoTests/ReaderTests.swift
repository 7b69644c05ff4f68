import Foundation
import Pictures
import Testing
import Video

/// Frames out of videos.
@Suite(.enabled(if: Clips.canBeMade, "ffmpeg is not installed"))
struct ReaderTests {
  @Test func everyFrameComesAsItIs() throws {
    let clips = try Clips()
    for (width, height) in [(98, 66), (97, 65), (1, 3)] {
      let pictures = Clips.pictures(12, width: width, height: height)
      let reader = try VideoReader(contentsOf: clips.video("clip.mkv", of: pictures))
      #expect(reader.framesPerSecond == 10 && reader.expectedFrames == 12)
      #expect(try reader.frames() == pictures)
      #expect(try reader.next() == nil)
    }
  }

  @Test(arguments: [
    ("mp4", ["-c:v", "libx264"]), ("m4v", ["-c:v", "mpeg4"]), ("mov", ["-c:v", "mjpeg"]),
    ("mkv", ["-c:v", "libx264", "-pix_fmt", "yuv420p10le"]),
    ("webm", ["-c:v", "libvpx", "-deadline", "realtime"]),
    ("avi", ["-c:v", "mpeg4"]), ("mpg", ["-c:v", "mpeg2video"]),
    ("mpeg", ["-c:v", "mpeg2video", "-f", "mpegts"]),
    ("ogv", ["-c:v", "libtheora", "-q:v", "10"]),
  ])
  func everyFormatIsRead(type: String, options: [String]) throws {
    let clips = try Clips()
    let pictures = Clips.pictures(10)
    let rate = 30000.0 / 1001
    let reader = try VideoReader(
      contentsOf: clips.video("clip.\(type)", of: pictures, rate: rate, options: options))
    #expect(abs(reader.framesPerSecond - rate) < 0.001)
    let frames = try reader.frames()
    #expect(frames.count == 10)
    for (frame, picture) in zip(frames, pictures) {
      #expect(frame.width == 98 && frame.height == 66 && frame.difference(to: picture) < 12)
    }
  }

  @Test func ofFewerFramesEachIsTheOneShownAtItsTime() throws {
    let clips = try Clips()
    let pictures = Clips.pictures(20)
    let url = try clips.video("clip.mkv", of: pictures)
    for (rate, expected) in [
      (5.0, Array(stride(from: 0, to: 20, by: 2))), (4, [0, 2, 5, 7, 10, 12, 15, 17]), (0.5, [0]),
      (1000, Array(0..<20)),
    ] {
      let reader = try VideoReader(contentsOf: url, framesPerSecond: rate)
      #expect(reader.framesPerSecond == min(rate, 10) && reader.expectedFrames == expected.count)
      #expect(try reader.frames() == expected.map { pictures[$0] }, "\(rate) frames a second")
    }
  }

  @Test func framesAreUpright() throws {
    let clips = try Clips()
    let url = try clips.video("clip.mp4", of: Clips.pictures(5), options: ["-c:v", "libx264"])
    var bytes = try Data(contentsOf: url)
    // The matrix in the track's header: a quarter turn to the right.
    let matrix = try #require(bytes.firstRange(of: Data("tkhd".utf8))).lowerBound + 44
    let turn: [Int32] = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x4000_0000]
    bytes.replaceSubrange(
      matrix..<matrix + 36,
      with: turn.flatMap { number in withUnsafeBytes(of: number.bigEndian) { Array($0) } })
    let frames = try VideoReader(contentsOf: clips.write(bytes, to: "turned.mp4")).frames()
    #expect(frames.count == 5 && frames.allSatisfy { $0.width == 66 && $0.height == 98 })
    // Green grew downwards, and now grows to the left; red grew to the right, and now does downwards.
    let frame = try #require(frames.first)
    #expect(frame.pixels[0] < 40 && frame.pixels[1] > 150)
    #expect(frame.pixels[3 * 65 + 1] < 40 && frame.pixels[3 * 66 * 97] > 150)
  }

  @Test func aVideoThatChangesItsSizeKeepsTheFirst() throws {
    let clips = try Clips()
    let options = ["-c:v", "mpeg2video", "-f", "mpegts"]
    let parts = try [Clips.pictures(25), Clips.pictures(25, width: 160, height: 120)].map {
      try Data(contentsOf: clips.video("part.mpg", of: $0, rate: 25, options: options))
    }
    let frames = try VideoReader(contentsOf: clips.write(parts[0] + parts[1], to: "both.mpg")).frames()
    #expect(frames.count > 40 && frames.allSatisfy { $0.width == 98 && $0.height == 66 })
  }

  @Test(arguments: ["-dash.mp4", "a: b.mp4", "pipe:0.mp4", "%03d.mp4", "*.mp4", "'q\" .mp4", "ü.mp4"])
  func aNameMayHoldAnything(name: String) throws {
    let clips = try Clips()
    let made = try clips.video("clip.mp4", of: Clips.pictures(3), options: ["-c:v", "libx264"])
    try FileManager.default.moveItem(at: made, to: clips.url(name))
    #expect(try VideoReader(contentsOf: clips.url(name)).frames().count == 3)
  }

  @Test func aReaderThatIsGivenUpLeavesNoProgramBehind() throws {
    let clips = try Clips()
    let url = try clips.video("long.mp4", of: Clips.pictures(400), options: ["-c:v", "libx264"])
    do {
      let reader = try VideoReader(contentsOf: url)
      #expect(try reader.next() != nil)
    }
    #expect(!clips.isStillWorkedOn())
  }
}
