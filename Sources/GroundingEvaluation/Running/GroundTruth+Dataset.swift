import GroundingData

extension GroundTruth {
  /// The boxes of a data set, its records being the pictures in their order.
  public init(_ dataset: any CheckedDataset) throws {
    var boxes: [GroundTruthBox] = []
    for index in 0..<dataset.count {
      guard let record = try dataset.soundRecord(at: index) else { continue }
      boxes += record.objects.compactMap { object in
        object.classIndex.map { classIndex in
          let box = object.box
          return GroundTruthBox(
            imageIndex: index, classIndex: classIndex,
            rectangle: Rectangle(x: box.x0, y: box.y0, width: box.width, height: box.height),
            area: object.area,
            isCrowd: object.isCrowd)
        }
      }
    }
    try self.init(
      images: (0..<dataset.count).map { Image(id: $0) },
      classes: dataset.classes.map { Class(id: $0.id, name: $0.name) }, boxes: boxes)
  }
}
