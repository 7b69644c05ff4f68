import Foundation
import Pictures

/// Why a video could not be read or written. Each reads as one sentence.
public enum VideoError: Error, Sendable, Hashable {
  /// ffmpeg and ffprobe, which come together, are not among the programs of this machine.
  case notInstalled
  /// The program is there, but the system does not start it.
  case notStarted(program: String, reason: String)
  /// The file is missing, is a folder, holds no video, …
  case unreadable(name: String, reason: String)
  /// The file is cut off, or what it holds cannot be decoded without flaws; so many frames could be had.
  case damaged(name: String, frames: Int, reason: String)
  /// Frames have more pixels than `DecodingLimits` allows.
  case tooManyPixels(name: String, width: Int, height: Int, limits: DecodingLimits)
  /// The video could not be encoded, or its file not be written.
  case unwritable(name: String, reason: String)
}

extension VideoError: CustomStringConvertible, LocalizedError {
  public var description: String {
    switch self {
    case .notInstalled:
      "ffmpeg is not installed; videos are read through it (on Debian: apt install ffmpeg)."
    case .notStarted(let program, let reason):
      "\(program) cannot be started: \(reason)."
    case .unreadable(let name, let reason):
      "\(name) cannot be read: \(reason)."
    case .damaged(let name, let frames, let reason):
      "\(name) is damaged or cut off; \(frames == 1 ? "1 frame" : "\(frames) frames") could be read (\(reason))."
    case .tooManyPixels(let name, let width, let height, let limits):
      "\(name) has frames of \(width)x\(height) pixels, more than the \(limits.pixels) in all or "
        + "\(limits.side) a side that are allowed."
    case .unwritable(let name, let reason):
      "\(name) cannot be written: \(reason)."
    }
  }

  public var errorDescription: String? { description }
}
