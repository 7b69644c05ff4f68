import Foundation
import Pictures

/// Where a picture's bytes are.
public enum PictureSource: Sendable, Hashable {
  case file(URL)
  /// Within another file, as they are: a member of a tar archive.
  case slice(of: URL, offset: Int, count: Int)
  /// Within another file in base64: a column of the authors' TSV.
  case base64(of: URL, offset: Int, count: Int)
}
