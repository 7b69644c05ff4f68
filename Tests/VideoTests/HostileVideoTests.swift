import Foundation
import Pictures
import Testing
import Video

/// Files that are no videos, or not whole.
@Suite(.enabled(if: Clips.canBeMade, "ffmpeg is not installed"))
struct HostileVideoTests {
  @Test func whatIsNoVideoIsSaidInASentence() throws {
    let clips = try Clips()
    try clips.write(Data(), to: "empty.mp4")
    try clips.write(Data("only words".utf8), to: "words.mkv")
    try clips.write(
      Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }), to: "noise.avi")
    try Clips.pictures(1)[0].write(to: clips.url("picture.png"))
    try FileManager.default.moveItem(at: clips.url("picture.png"), to: clips.url("picture.mp4"))
    try FileManager.default.createDirectory(at: clips.url("folder.mp4"), withIntermediateDirectories: false)
    try Clips.run(["-f", "lavfi", "-i", "sine=duration=1", clips.url("sound.mp4").path])
    let files = [
      "empty.mp4", "words.mkv", "noise.avi", "picture.mp4", "folder.mp4", "sound.mp4", "absent.mp4",
    ]
    for name in files {
      let error = try refusal(of: clips.url(name))
      guard case .unreadable = error else {
        Issue.record("\(error)")
        continue
      }
      #expect(error.description.contains("\(name) cannot be read: ") && error.description.hasSuffix("."))
      #expect(!error.description.contains("\n") && !error.description.contains(" @ 0x"))
    }
    #expect(try refusal(of: clips.url("sound.mp4")).description.contains("it holds no video"))
    #expect(try refusal(of: clips.url("absent.mp4")).description.contains("no such file"))
  }

  @Test func listsOfOtherFilesAreNotFollowed() throws {
    let clips = try Clips()
    try clips.video("clip.ts", of: Clips.pictures(30), options: ["-c:v", "libx264"])
    let lists = [
      "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nclip.ts\n#EXT-X-ENDLIST\n",
      "ffconcat version 1.0\nfile clip.ts\n",
      "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"></MPD>",
    ]
    for list in lists {
      for name in ["list.mp4", "list.m3u8", "list.ffconcat", "list.mpd"] {
        guard case .unreadable = try refusal(of: clips.write(Data(list.utf8), to: name)) else {
          Issue.record("\(name) was followed")
          continue
        }
      }
    }
  }

  @Test(arguments: [
    ("mp4", ["-movflags", "+faststart"]), ("mkv", []), ("mov", ["-movflags", "+faststart"]),
  ])
  func aVideoThatIsCutOffGivesWhatItHasAndAnError(type: String, options: [String]) throws {
    let clips = try Clips()
    // Every frame for itself, so that none waits for a later one.
    let whole = try Data(
      contentsOf: clips.video("clip.\(type)", of: Clips.pictures(40), options: ["-c:v", "mjpeg"] + options))
    let reader = try VideoReader(
      contentsOf: clips.write(whole.prefix(whole.count * 2 / 3), to: "cut.\(type)"))
    var frames = 0
    let error = #expect(throws: VideoError.self) { while try reader.next() != nil { frames += 1 } }
    #expect((10..<40).contains(frames))
    guard case .damaged(_, frames, _)? = error else {
      Issue.record("\(String(describing: error)) after \(frames) frames")
      return
    }
    #expect(error?.description.contains("\(frames) frames could be read (ffmpeg says '") == true)
  }

  @Test func framesAreNoLargerThanAllowed() throws {
    let clips = try Clips()
    let url = try clips.video("clip.mkv", of: Clips.pictures(3))
    for limits in [DecodingLimits(pixels: 98 * 66 - 1), DecodingLimits(side: 97)] {
      let error = #expect(throws: VideoError.self) { try VideoReader(contentsOf: url, limits: limits) }
      #expect(error == .tooManyPixels(name: url.relativePath, width: 98, height: 66, limits: limits))
    }
    #expect(try VideoReader(contentsOf: url, limits: DecodingLimits(pixels: 98 * 66)).frames().count == 3)
  }

  private func refusal(of url: URL) throws -> VideoError {
    try #require(#expect(throws: VideoError.self) { try VideoReader(contentsOf: url).frames() })
  }
}
