/// The annotated pictures and classes that detections are held against.
public struct GroundTruth: Sendable {
  /// Pictures; what is detected on pictures outside of the list cannot be given. Where scores are equal, the
  /// earlier picture's detection counts as the better one; files list them by id, as the benchmarks do.
  public let images: [Image]
  public let classes: [Class]
  public let boxes: ContiguousArray<GroundTruthBox>

  public struct Image: Sendable, Hashable {
    /// Its id in files.
    public var id: Int
    /// LVIS: classes (as positions in `classes`) that were looked for and are not there.
    public var absentClasses: [Int]
    /// LVIS: classes of which not every object has a box.
    public var incompleteClasses: [Int]

    public init(id: Int, absentClasses: [Int] = [], incompleteClasses: [Int] = []) {
      (self.id, self.absentClasses, self.incompleteClasses) = (id, absentClasses, incompleteClasses)
    }
  }

  public struct Class: Sendable, Hashable {
    /// Its id in files.
    public var id: Int
    public var name: String
    /// LVIS: on how many pictures for training it is.
    public var frequency: Frequency?

    public init(id: Int, name: String, frequency: Frequency? = nil) {
      (self.id, self.name, self.frequency) = (id, name, frequency)
    }
  }

  /// LVIS's groups of classes, with the letters that its files have for them.
  public enum Frequency: String, Sendable, CaseIterable {
    case rare = "r"
    case common = "c"
    case frequent = "f"
  }

  /// - Throws: `EvaluationError` of kind `.unknownReference` where something refers to an image or class that is not
  ///   there, `.malformed` for numbers that are not finite.
  public init(images: [Image], classes: [Class], boxes: some Sequence<GroundTruthBox>) throws {
    (self.images, self.classes, self.boxes) = (images, classes, ContiguousArray(boxes))
    for (index, image) in images.enumerated() {
      for other in image.absentClasses + image.incompleteClasses where !classes.indices.contains(other) {
        throw EvaluationError(
          .unknownReference, "image \(index) refers to class \(other) of \(classes.count)")
      }
    }
    for (index, box) in self.boxes.enumerated() {
      try check(imageIndex: box.imageIndex, classIndex: box.classIndex, of: "ground-truth box \(index)")
      guard box.rectangle.isFinite, box.area.isFinite else {
        throw EvaluationError(.malformed, "ground-truth box \(index) has a number that is not finite")
      }
    }
  }

  /// Whether detections can be of these pictures and classes, and be sorted.
  func check(_ detections: some Collection<DetectedBox>) throws {
    for (index, box) in detections.enumerated() {
      try check(imageIndex: box.imageIndex, classIndex: box.classIndex, of: "detection \(index)")
      guard box.rectangle.isFinite, box.score.isFinite else {
        throw EvaluationError(.malformed, "detection \(index) has a number that is not finite")
      }
    }
  }

  @inline(__always)
  private func check(imageIndex: Int, classIndex: Int, of box: @autoclosure () -> String) throws {
    guard images.indices.contains(imageIndex) else {
      throw EvaluationError(.unknownReference, "\(box()) is on image \(imageIndex) of \(images.count)")
    }
    guard classes.indices.contains(classIndex) else {
      throw EvaluationError(.unknownReference, "\(box()) is of class \(classIndex) of \(classes.count)")
    }
  }
}

/// An object that is on a picture.
public struct GroundTruthBox: Sendable, Hashable {
  /// Position in `GroundTruth.images`.
  public var imageIndex: Int
  /// Position in `GroundTruth.classes`.
  public var classIndex: Int
  public var rectangle: Rectangle
  /// In square pixels: of the object's outline where the annotations have one, else of its box.
  public var area: Double
  /// COCO: it surrounds many objects that were not told apart.
  public var isCrowd: Bool
  /// VOC: it need not be found.
  public var isDifficult: Bool

  /// - Parameter area: of the rectangle where it is `nil`.
  public init(
    imageIndex: Int, classIndex: Int, rectangle: Rectangle, area: Double? = nil, isCrowd: Bool = false,
    isDifficult: Bool = false
  ) {
    (self.imageIndex, self.classIndex, self.rectangle) = (imageIndex, classIndex, rectangle)
    (self.area, self.isCrowd, self.isDifficult) = (area ?? rectangle.area, isCrowd, isDifficult)
  }
}

/// What a network found.
public struct DetectedBox: Sendable, Hashable {
  /// Position in `GroundTruth.images`.
  public var imageIndex: Int
  /// Position in `GroundTruth.classes`.
  public var classIndex: Int
  public var rectangle: Rectangle
  /// Any finite number, the higher the surer.
  public var score: Double

  public init(imageIndex: Int, classIndex: Int, rectangle: Rectangle, score: Double) {
    (self.imageIndex, self.classIndex, self.rectangle, self.score) = (
      imageIndex, classIndex, rectangle, score
    )
  }
}
