import Foundation

/// A checkpoint that GLIP's authors have released.
public struct PublishedModel: Sendable, Hashable {
  /// The name on the command line, such as `glip-t`.
  public let name: String
  /// The configuration preset that the weights belong to.
  public let preset: String
  /// Backbone and training data, in one line.
  public let summary: String
  /// The file's name, at its source and in the store.
  public let fileName: String
  /// Where the authors publish the file.
  public let source: URL
  /// The file's SHA-256 as 64 lower-case hexadecimal digits, where it is known beforehand.
  public let sha256: String?

  public init(
    name: String, preset: String, summary: String, fileName: String, source: URL, sha256: String? = nil
  ) {
    self.name = name
    self.preset = preset
    self.summary = summary
    self.fileName = fileName
    self.source = source
    self.sha256 = sha256
  }

  /// The released checkpoints, from the smallest training set to the largest model. The authors publish no
  /// checksums; the server announces one when a file is fetched.
  public static let all: [PublishedModel] = [
    ("glip-t-a", "Swin-T without deep fusion, Objects365", "glip_a_tiny_o365.pth"),
    ("glip-t-b", "Swin-T, Objects365", "glip_tiny_model_o365.pth"),
    ("glip-t-c", "Swin-T, Objects365 and GoldG", "glip_tiny_model_o365_goldg.pth"),
    ("glip-t", "Swin-T, Objects365, GoldG, CC3M and SBU", "glip_tiny_model_o365_goldg_cc_sbu.pth"),
    ("glip-l", "Swin-L, FourODs, GoldG and 24 million image-text pairs", "glip_large_model.pth"),
  ].map { name, summary, fileName in
    PublishedModel(
      name: name, preset: name, summary: summary, fileName: fileName,
      source: authorsFolder.appending(path: fileName))
  }

  /// The model of that name.
  public static func named(_ name: String) -> PublishedModel? {
    all.first { $0.name == name.lowercased() }
  }

  /// The folder that the authors' README has linked to since their first storage was closed to the public.
  private static let authorsFolder = URL(string: "https://huggingface.co/GLIPModel/GLIP/resolve/main/")!
}
