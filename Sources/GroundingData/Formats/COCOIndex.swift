import Foundation

/// Where the images of a file in COCO's form are, and the annotations of each; they are decoded when they are asked
/// for. One pass over the bytes, and 8 bytes of memory for an annotation, 16 at first.
struct COCOIndex: Sendable {
  let file: AnnotationFile
  private(set) var categories: [JSONObject] = []
  private var imageOffsets: [Int] = []
  /// Grouped by image.
  private var annotationOffsets: [Int] = []
  /// Where an image's annotations begin in `annotationOffsets`, and after all others where the last ones end.
  private var firstAnnotations: [UInt32] = [0]

  /// Bytes of an annotation with nothing but the least that it needs.
  private static let leastAnnotation = 64

  /// - Throws: for a file that is not one JSON object with the three lists, under either policy.
  init(_ file: AnnotationFile, faults: FaultLog) throws(DatasetError) {
    self.file = file
    var images = ObjectList("images", keyName: "id", capacity: 0)
    var annotations = ObjectList(
      "annotations", keyName: "image_id", capacity: file.count / Self.leastAnnotation)
    do {
      try file.scan(at: file.start) { scanner throws(Fault) in try scan(&scanner, &images, &annotations) }
    } catch { throw file.error(structure: error) }
    for problem in images.problems + annotations.problems { try faults.note(problem) }
    try group(&annotations, by: images, faults)
  }

  private mutating func scan(
    _ scanner: inout JSONScanner, _ images: inout ObjectList, _ annotations: inout ObjectList
  ) throws(Fault) {
    guard try scanner.peek() == UInt8(ascii: "{") else {
      throw Fault("it is not an object with lists of images")
    }
    var hasCategories = false
    try scanner.members { scanner, name throws(Fault) in
      if scanner.isName(name, images.name) {
        try images.scan(&scanner, of: file)
      } else if scanner.isName(name, annotations.name) {
        try annotations.scan(&scanner, of: file)
      } else if scanner.isName(name, "categories") {
        hasCategories = true
        try scanner.elements { scanner throws(Fault) in categories.append(try scanner.object()) }
      } else {
        try scanner.skipValue()
      }
    }
    try scanner.expectEnd()
    for (name, isFound) in [
      ("images", images.isFound), ("annotations", annotations.isFound), ("categories", hasCategories),
    ] where !isFound {
      throw Fault("it has no list '\(name)'")
    }
  }

  var count: Int { imageOffsets.count }

  private func annotations(of image: Int) -> ArraySlice<Int> {
    annotationOffsets[Int(firstAnnotations[image])..<Int(firstAnnotations[image + 1])]
  }

  /// Members of the object at an offset. Records may be asked for from any thread.
  private func object(at offset: Int, keeping names: [StaticString]) throws(Fault) -> JSONObject {
    try file.scan(at: offset) { scanner throws(Fault) in try scanner.object(keeping: names) }
  }

  /// What `make` makes of an image.
  ///
  /// - Parameter names: members of the image that are wanted
  /// - Throws: what `make` throws; a fault as an error that names the image.
  func reading<Result>(
    _ index: Int, keeping names: [StaticString], _ make: (JSONObject) throws -> Result
  ) throws(DatasetError) -> Result {
    let offset = imageOffsets[index]
    do { return try make(object(at: offset, keeping: names)) } catch {
      throw error as? DatasetError
        ?? self.error(in: "image", at: offset, error as? Fault ?? Fault("\(error)"))
    }
  }

  /// The objects of an image; annotations that are malformed are left to the log.
  ///
  /// - Parameters:
  ///   - name: the member that ties an annotation to what it names
  ///   - tie: does so by that member
  func objects(
    of image: Int, in size: Record.Size?, namedBy name: StaticString, _ faults: FaultLog,
    _ tie: (inout Record.Object, JSONObject) throws(Fault) -> Void
  ) throws(DatasetError) -> [Record.Object] {
    var objects: [Record.Object] = []
    for offset in annotations(of: image) {
      do {
        let annotation = try object(at: offset, keeping: [name, "bbox", "iscrowd", "area", "score"])
        var object = Record.Object(
          box: try CornerBox(annotation.numbers("bbox"), .size, in: size),
          isCrowd: try annotation.flag("iscrowd"),
          score: annotation["score"] == nil ? nil : try annotation.number("score"),
          area: annotation["area"] == nil ? nil : try annotation.number("area"))
        try tie(&object, annotation)
        objects.append(object)
      } catch { try faults.note(self.error(in: "annotation", at: offset, error)) }
    }
    return objects
  }

  /// An error of the image or annotation at an offset, named by its id if it has one.
  private func error(in kind: String, at offset: Int, _ fault: Fault) -> DatasetError {
    if fault.byte != nil { return file.error(structure: fault) }
    let id = try? object(at: offset, keeping: ["id"]).identifier("id")
    return file.error(id.map { "\(kind) \($0)" } ?? "the \(kind) at byte \(offset + 1)", fault)
  }

  /// Sorts the annotations by image, by counting.
  private mutating func group(
    _ annotations: inout ObjectList, by images: ObjectList, _ faults: FaultLog
  ) throws(DatasetError) {
    var positions: [UInt64: UInt32] = [:]
    positions.reserveCapacity(images.keys.count)
    for (offset, key) in zip(images.offsets, images.keys) {
      guard positions[key] == nil else {
        try faults.note(error(in: "image", at: offset, Fault("another image has this id")))
        continue
      }
      positions[key] = UInt32(imageOffsets.count)
      imageOffsets.append(offset)
    }
    firstAnnotations = [UInt32](repeating: 0, count: count + 1)
    let unknown = UInt64.max
    var (lastKey, lastPosition) = (unknown, unknown)
    for index in annotations.keys.indices {
      let key = annotations.keys[index]
      if key != lastKey {
        (lastKey, lastPosition) = (key, positions[key].map(UInt64.init) ?? unknown)
      }
      annotations.keys[index] = lastPosition
      if lastPosition == unknown {
        let offset = annotations.offsets[index]
        let id = (try? object(at: offset, keeping: ["image_id"]).identifier("image_id")) ?? ""
        try faults.note(error(in: "annotation", at: offset, Fault("there is no image \(id)")))
      } else {
        firstAnnotations[Int(lastPosition) + 1] += 1
      }
    }
    for image in 0..<count { firstAnnotations[image + 1] += firstAnnotations[image] }
    var next = firstAnnotations
    annotationOffsets = [Int](unsafeUninitializedCapacity: Int(firstAnnotations[count])) { offsets, filled in
      filled = offsets.count
      for (index, image) in annotations.keys.enumerated() where image != unknown {
        offsets[Int(next[Int(image)])] = annotations.offsets[index]
        next[Int(image)] += 1
      }
    }
  }

  /// Size of an image, where the file tells.
  func size(of image: Int) -> Record.Size? {
    try? reading(image, keeping: ["width", "height"]) { try $0.size(width: "width", height: "height") }
  }

  /// Looks for annotations of the same id.
  func validateAnnotationIDs(_ faults: FaultLog) throws(DatasetError) {
    var keys = [(key: UInt64, offset: Int)]()
    keys.reserveCapacity(annotationOffsets.count)
    for offset in annotationOffsets {
      let key = try? file.scan(at: offset) { scanner throws(Fault) in try scanner.key(of: "id") }
      if let key { keys.append((key, offset)) }
    }
    keys.sort { ($0.key, $0.offset) < ($1.key, $1.offset) }
    for (first, second) in zip(keys, keys.dropFirst()) where first.key == second.key {
      try faults.note(error(in: "annotation", at: second.offset, Fault("another annotation has this id")))
    }
  }
}
