import Foundation

/// JSON lines of Open-GroundingDino and MM-Grounding-DINO, detection and grounding data in one form. A record's id is the
/// number of its line.
public struct ODVGDataset: CheckedDataset {
  public let name: String
  public let faults: FaultLog
  private let lines: LineIndex
  private let pictures: PictureFolders
  private let list: ClassList

  /// - Parameter labelMap: of detection data; without one, the whole file is read for the names that objects carry.
  public init(
    _ url: URL, pictures: PictureFolders, name: String? = nil, labelMap: URL? = nil,
    classes: [ObjectClass]? = nil,
    faults: FaultLog
  ) throws(DatasetError) {
    let lines = LineIndex(try AnnotationFile(url))
    (self.lines, self.pictures, self.faults) = (lines, pictures, faults)
    self.name = name ?? url.relativePath
    do {
      if let classes {
        list = try ClassList(classes)
      } else if let labelMap {
        list = try LabelMap.read(labelMap, firstID: 0)
      } else {
        list = try ClassList(Self.namedClasses(lines))
      }
    } catch {
      throw (error as? DatasetError) ?? lines.file.error(nil, error as? Fault ?? Fault("\(error)"))
    }
  }

  public var format: DatasetDescription.Format? { .odvg }
  public var picturesFolder: URL? { pictures.only }
  public var classes: [ObjectClass] { list.classes }
  public var count: Int { lines.count }

  public func record(at index: Int) throws -> Record {
    let place = "line \(index + 1)"
    do {
      let line = try lines.object(in: lines.range(at: index))
      let size = try line.size(width: "width", height: "height")
      let content = try ODVGRecord(object: line, classes: list).content(in: size) { fault in
        try faults.note(lines.file.error(place, fault))
      }
      return Record(
        id: String(index + 1), picture: try pictures.source(of: line.string("filename")), size: size,
        text: content.text, objects: content.objects)
    } catch let fault as Fault {
      throw lines.file.error(place, fault)
    }
  }

  public func size(at index: Int) -> Record.Size? {
    try? lines.file.scan(at: lines.range(at: index).lowerBound) { scanner throws(Fault) in
      try scanner.object(keeping: ["width", "height"]).size(width: "width", height: "height")
    }
  }

  /// Labels with the names that stand beside them. What is malformed is found when its record is read.
  private static func namedClasses(_ lines: LineIndex) -> [ObjectClass] {
    var names: [Int: String] = [:]
    var unnumbered: Set<String> = []
    for index in 0..<lines.count {
      guard let line = try? lines.object(in: lines.range(at: index)),
        case .array(let instances)? = (try? line.object("detection"))?["instances"]
      else { continue }
      for case .object(let instance) in instances {
        guard let name = try? instance.string("category") else { continue }
        if let label = try? instance.integer("label") { names[label] = name } else { unnumbered.insert(name) }
      }
    }
    guard !names.isEmpty else {
      return unnumbered.sorted().enumerated().map { ObjectClass(id: $0, name: $1) }
    }
    return names.map { ObjectClass(id: $0, name: $1) }
  }
}
