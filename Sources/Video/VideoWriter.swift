import Checkpoints
import Foundation
import Pictures
import Synchronization

/// Writes pictures as the frames of an MP4 file (H.264), through ffmpeg.
///
/// The file takes its name when it is complete; until then it is a temporary one beside it, which goes with the writer.
public final class VideoWriter: Sendable {
  private let url: URL
  private let framesPerSecond: Double
  private let state = Mutex(State())

  private struct State {
    var encoder: Encoder?
    var file: ReplacementFile?
    var isCancelled = false
  }

  /// ffmpeg at work, and the size of its frames.
  private struct Encoder {
    let program: ChildProgram
    let width: Int
    let height: Int
  }

  /// Nothing is written before the first frame.
  public init(to url: URL, framesPerSecond: Double) {
    (self.url, self.framesPerSecond) = (url, framesPerSecond)
  }

  deinit { cancel() }

  /// Adds a frame. The first one decides the size, to which others are resized; a side of an odd length gets a black
  /// line more, since the format has even ones only.
  ///
  /// - Throws: `VideoError` where there is no ffmpeg, or the file cannot be written
  public func write(_ picture: Picture) throws(VideoError) {
    let encoder = try encoder(for: picture)
    let frame = picture.resized(width: encoder.width, height: encoder.height)
    guard frame.pixels.withUnsafeBytes(encoder.program.write) else { throw failure(of: encoder) }
  }

  /// Completes the file. There is none if there was no frame.
  ///
  /// - Throws: `VideoError.unwritable`
  public func finish() throws(VideoError) {
    guard let encoder = state.withLock({ $0.encoder }) else { return }
    guard encoder.program.finish().isSuccess else { throw failure(of: encoder) }
    try state.withLock { state throws(VideoError) in
      do throws(CheckpointError) { try state.file?.commit() } catch { throw unwritable(error) }
    }
  }

  /// Ends ffmpeg and removes the temporary file, whatever another thread is at. No frame can be written from then on.
  public func cancel() {
    state.withLock { state in
      state.encoder?.program.kill()
      state.file = nil
      state.isCancelled = true
    }
  }

  private func encoder(for picture: Picture) throws(VideoError) -> Encoder {
    try state.withLock { state throws(VideoError) in
      if let encoder = state.encoder { return encoder }
      guard !state.isCancelled else {
        throw .unwritable(name: url.relativePath, reason: "writing it was cancelled")
      }
      let file: ReplacementFile
      do throws(CheckpointError) { file = try ReplacementFile(for: url) } catch { throw unwritable(error) }
      let program = try ChildProgram(
        "ffmpeg", arguments(for: picture, to: file.temporary.path), connecting: .input)
      let encoder = Encoder(program: program, width: picture.width, height: picture.height)
      (state.encoder, state.file) = (encoder, file)
      return encoder
    }
  }

  private func arguments(for picture: Picture, to path: String) -> [String] {
    // Players take an unnamed matrix for that of BT.601 or of BT.709 as the size may be.
    let filter = "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709,format=yuv420p"
    return [
      "-nostdin", "-v", "error", "-f", "rawvideo", "-pixel_format", "rgb24",
      "-video_size", "\(picture.width)x\(picture.height)", "-framerate", "\(framesPerSecond)", "-i", "pipe:0",
      "-vf", filter, "-colorspace", "bt709", "-c:v", "libx264", "-movflags", "+faststart", "-f", "mp4", "-y",
      "file:\(path)",
    ]
  }

  private func failure(of encoder: Encoder) -> VideoError {
    let reason = encoder.program.finish().complaint(about: url.path)
    return .unwritable(name: url.relativePath, reason: reason)
  }

  private func unwritable(_ error: CheckpointError) -> VideoError {
    .unwritable(name: url.relativePath, reason: "its temporary file \(error.reason)")
  }
}
