import Foundation
import GroundingData
import Pictures

extension EvaluationData {
  /// Whether a benchmark can be applied to a data set at all.
  static func check(_ benchmark: Benchmark, suits dataset: any CheckedDataset) throws {
    func refuse(_ reason: String) -> EvaluationError {
      EvaluationError(.invalidParameters, "\(dataset.name) \(reason)")
    }
    let name = benchmark.rawValue
    if benchmark.asksForPhrases {
      guard dataset.classes.isEmpty else {
        throw refuse("has classes, not captions; \(name) measures how phrases of captions are found")
      }
      return
    }
    guard !dataset.classes.isEmpty else {
      throw refuse("has captions, not classes; \(name) measures classes, flickr and refcoco phrases")
    }
    if benchmark == .lvis || benchmark == .lvisFixed, !(dataset.origin(of: 0).dataset is LVISDataset) {
      throw refuse("has no frequencies of classes as LVIS has; measure it as coco")
    }
  }

  /// All records; nil for those that are malformed, which is thrown where it is not allowed.
  static func records(
    of dataset: any CheckedDataset, isStrict: Bool, checkingPictures: Bool
  ) throws -> [Record?] {
    try (0..<dataset.count).map { index -> Record? in
      let found: Record? = isStrict ? try dataset.record(at: index) : try dataset.soundRecord(at: index)
      guard checkingPictures, let record = found else { return found }
      do {
        try record.picture.checkPresence()
        return record
      } catch let error as PictureError {
        let reason = "the picture \(error.description.dropLast())"
        let fault = DatasetError(
          file: URL(fileURLWithPath: dataset.name), place: "record \(record.id)", reason)
        if isStrict { throw fault }
        try dataset.faults.note(fault)
        return nil
      }
    }
  }

  /// Numbers of records for result files: their own where all have different ones, else numbers from 1 on.
  static func ids(of records: [Record?]) -> [Int?] {
    let own = records.map { $0.flatMap { Int($0.id) } }
    let isNumbered = zip(records, own).allSatisfy { $0 == nil || $1 != nil }
    if isNumbered, Set(own.compactMap(\.self)).count == own.count(where: { $0 != nil }) { return own }
    return records.enumerated().map { index, record in record == nil ? nil : index + 1 }
  }

  /// Whether the benchmarks' own reader reads the boxes of a data set.
  static func hasOwnTruth(_ dataset: any CheckedDataset) -> Bool { annotations(of: dataset) != nil }

  /// The file of a data set in the form of COCO or LVIS.
  static func annotations(of dataset: any CheckedDataset) -> URL? {
    guard dataset.count > 0 else { return nil }
    switch dataset.origin(of: 0).dataset {
    case let dataset as COCODataset: return dataset.annotations
    case let dataset as LVISDataset: return dataset.annotations
    default: return nil
    }
  }
}

extension GroundTruth {
  /// The boxes of records, as a benchmark counts them.
  ///
  /// - Parameter ids: of the records; nil for those that are left out
  init(_ dataset: any CheckedDataset, _ records: [Record?], ids: [Int?], _ benchmark: Benchmark) throws {
    if benchmark.asksForPhrases {
      try self.init(images: ids.compactMap(\.self).sorted().map { Image(id: $0) }, classes: [], boxes: [])
    } else if let file = EvaluationData.annotations(of: dataset) {
      let names = Dictionary(dataset.classes.map { ($0.id, $0.name) }) { first, _ in first }
      self = try GroundTruth(contentsOf: file).with(
        images: Set(ids.compactMap(\.self)), names: names, benchmark)
    } else {
      let order = ids.indices.filter { ids[$0] != nil }.sorted { ids[$0] ?? 0 < ids[$1] ?? 0 }
      var boxes: [GroundTruthBox] = []
      for (position, index) in order.enumerated() {
        for object in records[index]?.objects ?? [] {
          guard let classIndex = object.classIndex else { continue }
          boxes.append(
            GroundTruthBox(
              imageIndex: position, classIndex: classIndex, rectangle: Rectangle(object.box),
              area: object.area, isCrowd: object.isCrowd, isDifficult: object.isCrowd))
        }
      }
      try self.init(
        images: order.compactMap { ids[$0].map { Image(id: $0) } },
        classes: dataset.classes.map { Class(id: $0.id, name: $0.name) }, boxes: boxes)
    }
  }

  /// Some of the pictures only, and other names of classes.
  private func with(images ids: Set<Int>, names: [Int: String], _ benchmark: Benchmark) throws -> GroundTruth
  {
    let kept = images.indices.filter { ids.contains(images[$0].id) }
    let positions = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    return try GroundTruth(
      images: kept.map { images[$0] },
      classes: classes.map { Class(id: $0.id, name: names[$0.id] ?? $0.name, frequency: $0.frequency) },
      boxes: boxes.compactMap { box in
        guard let position = positions[box.imageIndex] else { return nil }
        var box = box
        box.imageIndex = position
        // What VOC calls difficult, other formats know as a crowd.
        box.isDifficult = box.isDifficult || box.isCrowd
        return box
      })
  }
}
