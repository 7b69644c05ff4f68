import Foundation

/// A folder of Pascal VOC's annotations, a file for each picture. All are read once when it is opened, for the classes.
/// Objects that are marked as difficult count as crowds: neither trained on nor, in evaluation, held against anyone.
public struct VOCDataset: CheckedDataset {
  public let name: String
  public let faults: FaultLog
  private let files: [URL]
  private let pictures: PictureFolders
  private let list: ClassList
  private let sizes: [Record.Size?]

  /// - Parameters:
  ///   - folder: of the XML files, or the one that holds `Annotations` and `JPEGImages`.
  ///   - names: a file of `ImageSets/Main`, with the names of the files that belong to a split.
  ///   - pictures: nil for `JPEGImages`, or where there is none, the folder of the XML files.
  public init(
    _ folder: URL, names: URL? = nil, pictures: PictureFolders? = nil, name: String? = nil,
    classes: [ObjectClass]? = nil, faults: FaultLog
  ) throws(DatasetError) {
    let inner = folder.appending(path: "Annotations")
    let annotations = inner.isFolder ? inner : folder
    let siblings = [folder, annotations.deletingLastPathComponent()].map { $0.appending(path: "JPEGImages") }
    self.name = name ?? folder.relativePath
    self.pictures = pictures ?? PictureFolders(siblings.first(where: \.isFolder) ?? annotations)
    self.faults = faults
    files =
      if let names { try Self.listed(in: names, folder: annotations) } else { try Self.all(in: annotations) }
    var found: Set<String> = []
    sizes = files.map { file in
      // What is malformed is found when its record is read.
      guard let annotation = try? VOCAnnotation(file) else { return nil }
      found.formUnion(annotation.objects.compactMap { $0.name?.lowercased() })
      return try? annotation.size
    }
    do {
      list = try ClassList(
        classes ?? found.subtracting([""]).sorted().enumerated().map { ObjectClass(id: $0 + 1, name: $1) })
    } catch { throw DatasetError(file: folder, error.reason) }
  }

  public var format: DatasetDescription.Format? { .voc }
  public var picturesFolder: URL? { pictures.only }
  public var classes: [ObjectClass] { list.classes }
  public var count: Int { files.count }
  public func size(at index: Int) -> Record.Size? { sizes[index] }

  public func record(at index: Int) throws -> Record {
    let file = files[index]
    let annotation = try VOCAnnotation(file)
    do {
      let size = try annotation.size
      guard let fileName = annotation.fileName else { throw Fault("there is no 'filename'") }
      var record = Record(
        id: file.deletingPathExtension().lastPathComponent, picture: try pictures.source(of: fileName),
        size: size, text: .classes, objects: [])
      for (number, object) in annotation.objects.enumerated() {
        do {
          guard let name = object.name else { throw Fault("there is no 'name'") }
          record.objects.append(
            Record.Object(
              box: try object.box(in: size), classIndex: try list.position(ofName: name.lowercased()),
              isCrowd: object.isDifficult))
        } catch let fault as Fault {
          try faults.note(DatasetError(file: file, place: "object \(number + 1)", fault.reason))
        }
      }
      return record
    } catch let fault as Fault {
      throw DatasetError(file: file, fault.reason)
    }
  }

  private static func all(in folder: URL) throws(DatasetError) -> [URL] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
      throw DatasetError(file: folder, "the folder cannot be read")
    }
    let files = names.filter { $0.lowercased().hasSuffix(".xml") && !$0.hasPrefix(".") }.sorted()
    guard !files.isEmpty else { throw DatasetError(file: folder, "it holds no .xml file") }
    return files.map { folder.appending(path: $0) }
  }

  /// The first word of each line; in the lists of a single class a number follows it.
  private static func listed(in list: URL, folder: URL) throws(DatasetError) -> [URL] {
    let text = try AnnotationFile(list).text()
    var files: [URL] = []
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      guard let name = line.split(whereSeparator: \.isWhitespace).first else { continue }
      guard !name.contains("/"), name != ".." else {
        throw DatasetError(
          file: list, place: "line \(number + 1)", "\(String(name).quoted) is not the name of an annotation")
      }
      files.append(folder.appending(path: "\(name).xml"))
    }
    return files
  }
}
