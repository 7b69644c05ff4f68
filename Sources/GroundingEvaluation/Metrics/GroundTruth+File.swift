import Foundation

extension GroundTruth {
  /// Reads annotations of COCO or LVIS, or of another data set in their form.
  ///
  /// Pictures and classes are put in the order of their ids. An annotation without `area` has that of its box.
  ///
  /// - Throws: `EvaluationError` naming the file and the record.
  public init(contentsOf file: URL) throws {
    self = try AnnotationReader.read(file) { try Self(&$0, &$1) }
  }

  /// Reads annotations that are in memory.
  public init(json: Data) throws {
    self = try AnnotationReader.read(json) { try Self(&$0, &$1) }
  }

  private init(_ reader: inout AnnotationReader, _ scanner: inout JSONScanner) throws {
    guard scanner.peek() == UInt8(ascii: "{") else {
      throw reader.failure(
        .malformed, "an object with images, annotations and categories expected, as in COCO's ground truth")
    }
    var (images, annotations): ([ListedImage]?, [ListedAnnotation]?)
    var classes: [Class]?
    try scanner.object { scanner, name in
      switch name {
      case "images": images = try reader.images(&scanner)
      case "annotations": annotations = try reader.annotations(&scanner)
      case "categories": classes = try reader.classes(&scanner)
      default: try scanner.skip()
      }
    }
    let sortedImages = try reader.require(images, "images").sorted { $0.id < $1.id }
    let sortedClasses = try reader.require(classes, "categories").sorted { $0.id < $1.id }
    let imageIndices = try Self.indices(of: sortedImages.map(\.id), "images", reader)
    let classIndices = try Self.indices(of: sortedClasses.map(\.id), "categories", reader)

    func classIndex(_ id: Int, _ record: String) throws -> Int {
      guard let index = classIndices[id] else {
        throw reader.failure(.unknownReference, "\(record) has category \(id), which is not in the file")
      }
      return index
    }
    try self.init(
      images: sortedImages.map { image in
        Image(
          id: image.id,
          absentClasses: try image.absentClasses.map { try classIndex($0, "image \(image.id)") },
          incompleteClasses: try image.incompleteClasses.map { try classIndex($0, "image \(image.id)") })
      },
      classes: sortedClasses,
      boxes: try reader.require(annotations, "annotations").enumerated().map { index, annotation in
        guard let imageIndex = imageIndices[annotation.imageID] else {
          throw reader.failure(
            .unknownReference,
            "annotation \(index) is on image \(annotation.imageID), which is not in the file")
        }
        return GroundTruthBox(
          imageIndex: imageIndex, classIndex: try classIndex(annotation.categoryID, "annotation \(index)"),
          rectangle: annotation.rectangle, area: annotation.area, isCrowd: annotation.isCrowd,
          isDifficult: annotation.isDifficult)
      })
  }

  private static func indices(
    of ids: [Int], _ what: String, _ reader: AnnotationReader
  ) throws -> [Int: Int] {
    try Dictionary(zip(ids, ids.indices)) { one, _ in
      throw reader.failure(.malformed, "two of the \(what) have the id \(ids[one])")
    }
  }
}

/// An image with ids instead of positions.
private struct ListedImage {
  let id: Int
  let absentClasses: [Int]
  let incompleteClasses: [Int]
}

/// An annotation with ids instead of positions.
private struct ListedAnnotation {
  let imageID: Int
  let categoryID: Int
  let rectangle: Rectangle
  let area: Double?
  let isCrowd: Bool
  let isDifficult: Bool
}

extension AnnotationReader {
  fileprivate mutating func images(_ scanner: inout JSONScanner) throws -> [ListedImage] {
    var images: [ListedImage] = []
    var (id, absent, incomplete): (Int?, [Int], [Int]) = (nil, [], [])
    try records("image", &scanner) { scanner, name in
      switch name {
      case "id": id = try scanner.integer()
      case "neg_category_ids": try scanner.array { scanner, _ in absent.append(try scanner.integer()) }
      case "not_exhaustive_category_ids":
        try scanner.array { scanner, _ in incomplete.append(try scanner.integer()) }
      default: try scanner.skip()
      }
    } end: { reader in
      images.append(
        ListedImage(id: try reader.require(id, "id"), absentClasses: absent, incompleteClasses: incomplete))
      (id, absent, incomplete) = (nil, [], [])
    }
    return images
  }

  fileprivate mutating func classes(_ scanner: inout JSONScanner) throws -> [GroundTruth.Class] {
    var classes: [GroundTruth.Class] = []
    var (id, name, frequency): (Int?, String?, String?)
    try records("category", &scanner) { scanner, member in
      switch member {
      case "id": id = try scanner.integer()
      case "name": name = try scanner.string()
      case "frequency": frequency = try scanner.string()
      default: try scanner.skip()
      }
    } end: { reader in
      let group = frequency.flatMap(GroundTruth.Frequency.init)
      if let frequency, group == nil {
        throw reader.failure(.malformed, "the frequency is '\(frequency.prefix(20))' instead of r, c or f")
      }
      classes.append(
        GroundTruth.Class(
          id: try reader.require(id, "id"), name: try reader.require(name, "name"), frequency: group))
      (id, name, frequency) = (nil, nil, nil)
    }
    return classes
  }

  fileprivate mutating func annotations(_ scanner: inout JSONScanner) throws -> [ListedAnnotation] {
    var annotations: [ListedAnnotation] = []
    var ids: Set<Int> = []
    var (id, imageID, categoryID): (Int?, Int?, Int?)
    var (box, area): (Rectangle?, Double?)
    var (isCrowd, isDifficult) = (false, false)
    try records("annotation", &scanner) { scanner, name in
      switch name {
      case "id": id = try scanner.integer()
      case "image_id": imageID = try scanner.integer()
      case "category_id": categoryID = try scanner.integer()
      case "bbox": box = try scanner.rectangle()
      case "area": area = try scanner.number()
      case "iscrowd": isCrowd = try scanner.flag()
      case "difficult": isDifficult = try scanner.flag()
      default: try scanner.skip()
      }
    } end: { reader in
      if let id, !ids.insert(id).inserted {
        throw reader.failure(.malformed, "another annotation has the id \(id), too")
      }
      annotations.append(
        ListedAnnotation(
          imageID: try reader.require(imageID, "image_id"),
          categoryID: try reader.require(categoryID, "category_id"),
          rectangle: try reader.require(box, "bbox"), area: area, isCrowd: isCrowd, isDifficult: isDifficult))
      (id, imageID, categoryID, box, area) = (nil, nil, nil, nil, nil)
      (isCrowd, isDifficult) = (false, false)
    }
    return annotations
  }
}
