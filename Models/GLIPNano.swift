import Foundation

/// The small network that comes with the project: what it was trained on, what it can see and how well is told by
/// `Models/README.md`.
///
/// ```swift
/// let detector = try Detector(checkpoint: GLIPNano.file)
/// ```
public enum GLIPNano {
  /// Its checkpoint, in safetensors.
  public static let file = Bundle.module.bundleURL.appending(path: "glip-nano.safetensors")
}
