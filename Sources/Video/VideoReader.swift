import Foundation
import Pictures
import Synchronization

/// Frames of a video file, one after the other, through ffmpeg.
///
/// They come upright, as a player shows them, all of the first one's size, and evenly in time: frame n (from 0) is what a
/// player shows `n / framesPerSecond` seconds after the first. ffmpeg works ahead by a few frames; memory does not depend
/// on the video's length.
public final class VideoReader: Sendable {
  /// The frames a second that can be asked for.
  public static let rates = 0.001...1000.0

  /// The file, as it was named; for messages.
  public let name: String
  /// Of the frames that this hands out.
  public let framesPerSecond: Double
  /// As the file's header has it, which may be wrong; nil where it does not tell.
  public let expectedFrames: Int?

  private let path: String
  private let limits: DecodingLimits
  private let program: ChildProgram
  private let frames = Atomic<Int>(0)

  /// - Parameters:
  ///   - url: an MP4, MOV, MKV, WebM, AVI, MPEG or Ogg file
  ///   - framesPerSecond: within `rates`; nil for all. There are never more than the video has.
  ///   - limits: bounds on the size of a frame; the file may have any length
  /// - Throws: `VideoError` where there is no ffmpeg, or the file is no video
  public init(
    contentsOf url: URL, framesPerSecond wanted: Double? = nil, limits: DecodingLimits = .default
  ) throws(VideoError) {
    precondition(wanted.map(Self.rates.contains) ?? true, "\(Self.rates) frames a second")
    let source = try VideoSource(url, limits: limits)
    let rate = min(wanted ?? source.rate, source.rate)
    // Times in the file are rounded, so frames are first laid on an even grid. Of these, the last that has begun is taken.
    let even = "fps=\(source.rate)"
    let filter = rate < source.rate ? "\(even),fps=\(rate):round=up" : even
    // Decoders round a frame's sides up, so their limit is twice as high. Frames of 10 bits a channel would come as 16.
    program = try ChildProgram(
      "ffmpeg",
      ["-nostdin", "-max_pixels", "\(min(limits.pixels, Int(Int32.max) / 2) * 2)"] + source.arguments + [
        "-map", "0:V:0", "-vf", filter, "-pix_fmt", "rgb24", "-c:v", "ppm", "-f", "image2pipe", "pipe:1",
      ], connecting: .output)
    (name, path, self.limits, framesPerSecond) = (source.name, url.path, limits, rate)
    expectedFrames = source.duration.map { $0 * rate }.flatMap { $0 < 1e9 ? Int($0.rounded()) : nil }
  }

  /// The next frame; nil after the last one.
  ///
  /// - Throws: `VideoError.damaged` after the last frame that could be read, if ffmpeg had anything to object
  public func next() throws(VideoError) -> Picture? {
    guard let (width, height) = try readHeader() else { return nil }
    let length = 3 * width * height
    let pixels = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
      filled = program.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    guard pixels.count == length else { throw damage() }
    frames.wrappingAdd(1, ordering: .relaxed)
    return Picture(width: width, height: height, pixels: pixels)
  }

  /// Reads what stands before a frame's pixels: `P6`, width, height and the highest value, with a line break or space
  /// after each. Nil at the end of the video.
  private func readHeader() throws(VideoError) -> (width: Int, height: Int)? {
    var words: [String] = []
    var word: [UInt8] = []
    while words.count < 4 {
      var byte: UInt8 = 0
      guard withUnsafeMutableBytes(of: &byte, program.read) == 1, word.count < 10 else {
        let ending = program.finish()
        guard words.isEmpty, word.isEmpty, ending.isSuccess, ending.lastLine == nil else { throw damage() }
        return nil
      }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: " ") {
        words.append(String(decoding: word, as: UTF8.self))
        word = []
      } else {
        word.append(byte)
      }
    }
    guard words[0] == "P6", words[3] == "255", let width = Int(words[1]), let height = Int(words[2]),
      width > 0, height > 0
    else { throw damage() }
    guard limits.allow(width: width, height: height) else {
      throw .tooManyPixels(name: name, width: width, height: height, limits: limits)
    }
    return (width, height)
  }

  private func damage() -> VideoError {
    let reason = program.finish().complaint(about: path)
    let frames = frames.load(ordering: .relaxed)
    return frames == 0
      ? .unreadable(name: name, reason: reason) : .damaged(name: name, frames: frames, reason: reason)
  }
}
