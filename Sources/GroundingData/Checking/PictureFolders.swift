import Foundation

/// Where the pictures that annotations name are: one folder, or one for each source of the data (`coco` and `vg` in the
/// mixed grounding data).
public struct PictureFolders: Sendable, Hashable {
  private var folders: [String: URL]

  public init(_ folder: URL) { folders = ["": folder] }
  public init(bySource folders: [String: URL]) { self.folders = folders }

  /// The folder, if there is only one.
  var only: URL? { folders.count == 1 ? folders[""] : nil }

  /// - Parameter source: what the annotations say of the picture's origin.
  /// - Throws: for a name that leads out of the folder, which none that was meant well does.
  func source(of name: String, from source: String? = nil) throws(Fault) -> PictureSource {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.hasPrefix("/"), !parts.contains(".."), !name.contains("\0") else {
      throw Fault("the file name \(name.quoted) leaves the folder of the pictures")
    }
    guard let folder = folders[source ?? ""] ?? folders[""] else {
      let origin = source.map { "of the source \($0.quoted)" } ?? "that name no source"
      throw Fault("there is no folder for pictures \(origin)")
    }
    return .file(URL(fileURLWithPath: folder.path + "/" + name))
  }
}
