import Foundation
import Pictures
import Testing
import Video

/// Frames into videos.
@Suite(.enabled(if: Clips.canBeMade, "ffmpeg is not installed"))
struct WriterTests {
  @Test(arguments: [1.0, 10, 30000.0 / 1001, 0.001])
  func whatWasWrittenIsReadAgain(rate: Double) throws {
    let clips = try Clips()
    let pictures = Clips.pictures(8)
    try write(pictures, to: clips.url("new.mp4"), rate: rate)
    #expect(try clips.contents == ["new.mp4"])
    let reader = try VideoReader(contentsOf: clips.url("new.mp4"))
    #expect(abs(reader.framesPerSecond - rate) < 0.001 * rate)
    let frames = try reader.frames()
    #expect(frames.count == 8)
    for (frame, picture) in zip(frames, pictures) {
      #expect(frame.width == 98 && frame.height == 66 && frame.difference(to: picture) < 10)
    }
  }

  @Test func sidesBecomeEven() throws {
    let clips = try Clips()
    for (width, height) in [(97, 65), (98, 65), (1, 1)] {
      try write(Clips.pictures(3, width: width, height: height), to: clips.url("odd.mp4"))
      let frames = try VideoReader(contentsOf: clips.url("odd.mp4")).frames()
      #expect(frames.count == 3)
      #expect(frames.allSatisfy { $0.width == width + width % 2 && $0.height == height + height % 2 })
    }
  }

  @Test func allFramesGetTheSizeOfTheFirst() throws {
    let clips = try Clips()
    let other = Clips.pictures(2, width: 40, height: 120)
    try write(Clips.pictures(2) + other, to: clips.url("new.mp4"))
    let frames = try VideoReader(contentsOf: clips.url("new.mp4")).frames()
    #expect(frames.count == 4 && frames.allSatisfy { $0.width == 98 && $0.height == 66 })
    #expect(frames[3].difference(to: other[1].resized(width: 98, height: 66)) < 10)
  }

  @Test func aFileIsReplacedOnlyByAWholeOne() throws {
    let clips = try Clips()
    try clips.write(Data("old".utf8), to: "new.mp4")
    do {
      let writer = VideoWriter(to: clips.url("new.mp4"), framesPerSecond: 10)
      for picture in Clips.pictures(3) { try writer.write(picture) }
      #expect(try clips.contents.count == 2)
    }
    #expect(try clips.contents == ["new.mp4"])
    #expect(try Data(contentsOf: clips.url("new.mp4")) == Data("old".utf8))

    let writer = VideoWriter(to: clips.url("new.mp4"), framesPerSecond: 10)
    try writer.write(Clips.pictures(1)[0])
    writer.cancel()
    #expect(try clips.contents == ["new.mp4"])
    #expect(throws: VideoError.self) {
      for picture in Clips.pictures(100) { try writer.write(picture) }
    }
    #expect(throws: VideoError.self) { try writer.finish() }
    #expect(!clips.isStillWorkedOn())

    try write(Clips.pictures(3), to: clips.url("new.mp4"))
    #expect(try VideoReader(contentsOf: clips.url("new.mp4")).frames().count == 3)
  }

  @Test func withoutFramesThereIsNoFile() throws {
    let clips = try Clips()
    try write([], to: clips.url("new.mp4"))
    #expect(try clips.contents == [])
  }

  @Test func whatCannotBeWrittenIsSaidInASentence() throws {
    let clips = try Clips()
    // The encoder takes 16,384 pixels a side. Its end while frames are written must not be ours.
    for (name, width) in [("absent/new.mp4", 98), ("new.mp4", 17_000)] {
      let error = #expect(throws: VideoError.self) {
        try write(Clips.pictures(60, width: width, height: 4), to: clips.url(name))
      }
      guard case .unwritable? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(error?.description.contains("\(name) cannot be written: ") == true)
    }
    #expect(try clips.contents == [])
  }

  private func write(_ pictures: [Picture], to url: URL, rate: Double = 10) throws {
    let writer = VideoWriter(to: url, framesPerSecond: rate)
    for picture in pictures { try writer.write(picture) }
    try writer.finish()
  }
}
