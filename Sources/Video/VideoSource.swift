import Foundation
import Pictures

/// A video file as ffmpeg and ffprobe get it, and what ffprobe says of it.
struct VideoSource {
  /// For both programs. The file may be nothing but a video: a list of files (as HLS and concat are) would have ffmpeg
  /// open whatever it names.
  let arguments: [String]
  let name: String
  /// Frames a second.
  let rate: Double
  /// In seconds; nil where the file does not tell.
  let duration: Double?

  /// Containers, by ffmpeg's names for what reads them: MP4 and MOV, MKV and WebM, AVI, MPEG, Ogg.
  private static let formats = "mov,matroska,avi,mpeg,mpegts,mpegvideo,ogg"

  init(_ url: URL, limits: DecodingLimits) throws(VideoError) {
    let name = url.relativePath
    self.name = name
    var info = stat()
    guard stat(url.path, &info) == 0 else { throw .unreadable(name: name, reason: systemReason(errno)) }
    guard info.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(name: name, reason: "it is not a regular file")
    }
    // `file:` makes a name with a colon, or one that begins like an option, the name of a file.
    arguments = [
      "-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", Self.formats, "-i",
      "file:\(url.path)",
    ]
    let found = try Self.probe(arguments, path: url.path, name: name)
    guard let stream = found.streams?.first, let width = stream.width, let height = stream.height else {
      throw .unreadable(name: name, reason: "it holds no video")
    }
    guard limits.allow(width: width, height: height) else {
      throw .tooManyPixels(name: name, width: width, height: height, limits: limits)
    }
    guard let rate = stream.rate else {
      throw .unreadable(name: name, reason: "it does not tell how many frames a second it has")
    }
    self.rate = rate
    duration = (found.format?.duration ?? stream.duration).flatMap(Double.init).flatMap { $0 > 0 ? $0 : nil }
  }

  private static func probe(_ source: [String], path: String, name: String) throws(VideoError) -> Probed {
    let program = try ChildProgram(
      "ffprobe",
      source + [
        "-select_streams", "V:0", "-show_entries",
        "stream=width,height,avg_frame_rate,r_frame_rate,duration:format=duration", "-of", "json",
      ], connecting: .output)
    // A dozen lines are expected.
    let text = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, filled in
      filled = program.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    let ending = program.finish()
    guard ending.isSuccess, let found = try? JSONDecoder().decode(Probed.self, from: Data(text)) else {
      throw .unreadable(name: name, reason: ending.complaint(about: path))
    }
    return found
  }

  /// What is asked of ffprobe.
  private struct Probed: Decodable {
    let streams: [Stream]?
    let format: Format?

    struct Format: Decodable {
      let duration: String?
    }

    struct Stream: Decodable {
      let width: Int?
      let height: Int?
      let average: String?
      let base: String?
      let duration: String?

      private enum CodingKeys: String, CodingKey {
        case width, height, duration
        case average = "avg_frame_rate"
        case base = "r_frame_rate"
      }

      /// `r_frame_rate` is that of the grid that all frames lie on. Where they lie on it unevenly, as those of phones
      /// and screen recorders do, it may be 90,000; then the average is what tells how many there are.
      var rate: Double? {
        let (base, average) = (Self.ratio(base), Self.ratio(average))
        guard let base, let average, base > 1.1 * average else { return base ?? average }
        return average
      }

      /// `30000/1001`; nil for what is no rate of a video.
      private static func ratio(_ text: String?) -> Double? {
        guard let parts = text?.split(separator: "/").map({ Double($0) }), parts.count == 2,
          let above = parts[0], let below = parts[1]
        else { return nil }
        return VideoReader.rates.contains(above / below) ? above / below : nil
      }
    }
  }
}
