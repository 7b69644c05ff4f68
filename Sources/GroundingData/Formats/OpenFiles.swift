import Foundation

/// Opens what a description names, and tells the format from the files where it does not say.
struct OpenFiles {
  private let description: DatasetDescription
  private let folder: URL?
  private let faults: FaultLog

  init(_ description: DatasetDescription, _ folder: URL?) {
    (self.description, self.folder) = (description, folder)
    faults = FaultLog(description.onError)
  }

  func open() throws(DatasetError) -> any CheckedDataset {
    let url = try annotations()
    let format = if let format = description.format { format } else { try Self.format(of: url) }
    let (name, classes) = (description.name, description.classes)
    let labelMap = description.labelMap.map(path)
    switch format {
    case .coco, .lvis, .mdetr:
      let index = try COCOIndex(AnnotationFile(url), faults: faults)
      let format = if let format = description.format { format } else { try Self.format(of: index) }
      return try open(index, as: format)
    case .odvg:
      return try ODVGDataset(
        url, pictures: pictures, name: name, labelMap: labelMap, classes: classes, faults: faults)
    case .voc:
      let isNamed = description.pictures != nil || description.picturesBySource != nil
      return try VOCDataset(
        url, names: description.list.map(path), pictures: isNamed ? pictures : nil, name: name,
        classes: classes,
        faults: faults)
    case .flickr:
      return try FlickrDataset(
        url, names: description.list.map(path), pictures: pictures, name: name, faults: faults)
    case .tsv: return try TSVDataset(url, name: name, labelMap: labelMap, classes: classes, faults: faults)
    case .webdataset:
      return try WebDataset(url, name: name, labelMap: labelMap, classes: classes, faults: faults)
    case .synthetic:
      return try SyntheticDataset(
        SceneMaterials(url), description.scenes ?? SceneSettings(), name: name, faults: faults)
    }
  }

  private func open(
    _ index: COCOIndex, as format: DatasetDescription.Format
  ) throws(DatasetError) -> any CheckedDataset {
    switch format {
    case .lvis: try LVISDataset(index, pictures: pictures, name: description.name, faults: faults)
    case .mdetr: MDETRDataset(index, pictures: pictures, name: description.name, faults: faults)
    default:
      try COCODataset(
        index, pictures: pictures, name: description.name, classes: description.classes, faults: faults)
    }
  }

  private func path(_ path: String) -> URL {
    folder?.file(path) ?? URL(fileURLWithPath: path)
  }

  /// A folder whose only `.json` file holds the annotations, as annotation tools export it, stands for that file.
  private func annotations() throws(DatasetError) -> URL {
    let url = path(description.annotations)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw DatasetError(file: url, "there is no such file")
    }
    guard url.isFolder, ![.voc, .flickr, .webdataset, .synthetic].contains(description.format) else {
      return url
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    let json = names.filter { $0.hasSuffix(".json") && $0 != WebDataset.labelMapName }
    let isOther = names.contains { $0.hasSuffix(".tar") || $0.hasSuffix(".xml") || $0 == "Annotations" }
    return json.count == 1 && !isOther ? url.appending(path: json[0]) : url
  }

  private var pictures: PictureFolders {
    if let folders = description.picturesBySource { return PictureFolders(bySource: folders.mapValues(path)) }
    if let folder = description.pictures { return PictureFolders(path(folder)) }
    let beside = path(description.annotations)
    let folder = beside.isFolder ? beside : beside.deletingLastPathComponent()
    let images = folder.appending(path: "images")
    return PictureFolders(images.isFolder ? images : folder)
  }

  /// By name and, where that leaves it open, by the first line.
  private static func format(of url: URL) throws(DatasetError) -> DatasetDescription.Format {
    let unknown = DatasetError(
      file: url,
      "its format cannot be told; name one of "
        + DatasetDescription.Format.allCases.filter { $0 != .synthetic }.map(\.rawValue)
        .joined(separator: ", "))
    if url.isFolder {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
      if names.contains("Annotations"), names.contains("Sentences") { return .flickr }
      if names.contains("Annotations") || names.contains(where: { $0.hasSuffix(".xml") }) { return .voc }
      if names.contains(where: { $0.hasSuffix(".tar") }) { return .webdataset }
      throw unknown
    }
    switch url.pathExtension.lowercased() {
    case "yaml", "yml": return .tsv
    case "tar": return .webdataset
    case "jsonl": return .odvg
    default: break
    }
    let file = try AnnotationFile(url)
    let first = try? file.scan(at: file.start) { scanner throws(Fault) in try scanner.peek() }
    guard first == UInt8(ascii: "{") else { throw unknown }
    // The first object has members of one kind or the other.
    var format = DatasetDescription.Format.coco
    try? file.scan(at: file.start) { scanner throws(Fault) in
      try scanner.members { scanner, name throws(Fault) in
        let isLine = (["filename", "detection", "grounding"] as [StaticString]).contains {
          scanner.isName(name, $0)
        }
        if isLine { format = .odvg }
        if isLine || scanner.isName(name, "images") || scanner.isName(name, "annotations") {
          throw scanner.fault("far enough")
        }
        try scanner.skipValue()
      }
    }
    return format
  }

  /// By what images and categories have.
  private static func format(of index: COCOIndex) throws(DatasetError) -> DatasetDescription.Format {
    if index.categories.first?["frequency"] != nil { return .lvis }
    guard index.count > 0 else { return .coco }
    return try index.reading(0, keeping: ["caption"]) { $0["caption"] == nil ? .coco : .mdetr }
  }
}
