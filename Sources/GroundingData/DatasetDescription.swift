import Foundation
import Yams

/// Which data set to open, and how: a part of a training configuration, in YAML or JSON.
public struct DatasetDescription: Codable, Sendable, Hashable {
  public enum Format: String, Codable, Sendable, CaseIterable {
    case coco, lvis, mdetr, flickr, odvg, voc, tsv, webdataset
    /// Scenes composed when they are asked for.
    case synthetic
  }

  /// For messages and statistics; nil for the path of the annotations.
  public var name: String?
  /// Nil to tell it from the files.
  public var format: Format?
  /// A file; for VOC, Flickr30k Entities and WebDataset a folder; for synthetic scenes the folder of what they are
  /// composed of.
  public var annotations: String
  /// The folder of the pictures; nil for `images` beside the annotations, else the annotations' own folder.
  public var pictures: String?
  /// Folders of pictures by what the annotations say of their source (`data_source` of the mixed grounding data).
  public var picturesBySource: [String: String]?
  /// A file that numbers the classes, for formats that do not.
  public var labelMap: String?
  /// For VOC and Flickr30k Entities: the list of those files that belong to a split.
  public var list: String?
  /// Classes in place of the file's, with ids of the file.
  public var classes: [ObjectClass]?
  public var onError: FaultPolicy
  /// Use no more than so many records, the first ones.
  public var limit: Int?
  /// Which scenes, for `synthetic`.
  public var scenes: SceneSettings?

  public init(
    annotations: String, name: String? = nil, format: Format? = nil, pictures: String? = nil,
    picturesBySource: [String: String]? = nil, labelMap: String? = nil, list: String? = nil,
    classes: [ObjectClass]? = nil, onError: FaultPolicy = .fail, limit: Int? = nil,
    scenes: SceneSettings? = nil
  ) {
    (self.annotations, self.name, self.format, self.pictures) = (annotations, name, format, pictures)
    (self.picturesBySource, self.labelMap, self.list) = (picturesBySource, labelMap, list)
    (self.classes, self.onError, self.limit, self.scenes) = (classes, onError, limit, scenes)
  }

  private enum CodingKeys: String, CodingKey {
    case name, format, annotations, pictures, picturesBySource, labelMap, list, classes, onError, limit,
      scenes
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.settings(CodingKeys.self)
    name = try values.decodeIfPresent(String.self, forKey: .name)
    format = try values.decodeIfPresent(Format.self, forKey: .format)
    annotations = try values.decode(String.self, forKey: .annotations)
    pictures = try values.decodeIfPresent(String.self, forKey: .pictures)
    picturesBySource = try values.decodeIfPresent([String: String].self, forKey: .picturesBySource)
    labelMap = try values.decodeIfPresent(String.self, forKey: .labelMap)
    list = try values.decodeIfPresent(String.self, forKey: .list)
    classes = try values.decodeIfPresent([ObjectClass].self, forKey: .classes)
    onError = try values.decodeIfPresent(FaultPolicy.self, forKey: .onError) ?? .fail
    limit = try values.decodeIfPresent(Int.self, forKey: .limit)
    scenes = try values.decodeIfPresent(SceneSettings.self, forKey: .scenes)
  }
}

extension DatasetDescription {
  /// - Throws: `DecodingError` for text that is not YAML, or does not describe a data set.
  public init(yaml text: String) throws { self = try YAMLDecoder().decode(Self.self, from: text) }

  /// Opens the files and indexes them.
  ///
  /// - Parameter folder: which relative paths are relative to, that of the configuration file; nil for the current one.
  /// - Throws: `DatasetError` for files that cannot be read, and, if `onError` says so, for what is malformed.
  public func open(relativeTo folder: URL? = nil) throws(DatasetError) -> any CheckedDataset {
    let opened = try OpenFiles(self, folder).open()
    guard let limit, limit < opened.count else { return opened }
    return Subset(opened, Array(0..<max(0, limit)))
  }
}
