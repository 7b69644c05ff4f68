import Foundation

/// Why a picture could not be read, drawn on or written. Each reads as one sentence.
public enum PictureError: Error, Sendable, Hashable {
  /// The file is missing, is a folder, may not be read, …
  case unreadable(name: String, reason: String)
  /// The file is longer than `DecodingLimits.fileBytes`.
  case fileTooLarge(name: String, bytes: Int, limit: Int)
  /// The first bytes belong to none of the known formats.
  case unknownFormat(name: String)
  /// The system lacks the loader of this format.
  case noLoader(name: String, format: PictureFormat, reason: String)
  /// The file is truncated or damaged.
  case broken(name: String, format: PictureFormat, reason: String)
  /// The header claims more pixels than `DecodingLimits` allows.
  case tooManyPixels(name: String, width: Int, height: Int, limits: DecodingLimits)
  /// The picture could not be encoded or the file not be written.
  case unwritable(name: String, reason: String)
  /// The picture, or an annotation, cannot be drawn.
  case undrawable(reason: String)
}

extension PictureError: CustomStringConvertible, LocalizedError {
  public var description: String {
    switch self {
    case .unreadable(let name, let reason):
      "\(name) cannot be read: \(reason)."
    case .fileTooLarge(let name, let bytes, let limit):
      "\(name) has \(bytes) bytes, more than the \(limit) allowed for a picture."
    case .unknownFormat(let name):
      "\(name) is not a picture in a known format (\(PictureFormat.list))."
    case .noLoader(let name, let format, let reason):
      "\(name) is a \(format) picture, for which this system has no gdk-pixbuf loader: \(reason)."
    case .broken(let name, let format, let reason):
      "\(name) is a broken \(format) picture: \(reason)."
    case .tooManyPixels(let name, let width, let height, let limits):
      "\(name) claims to be \(width)x\(height) pixels, more than the \(limits.pixels) in all or "
        + "\(limits.side) a side that are allowed."
    case .unwritable(let name, let reason):
      "\(name) cannot be written: \(reason)."
    case .undrawable(let reason):
      "Cannot draw on the picture: \(reason)."
    }
  }

  public var errorDescription: String? { description }
}
