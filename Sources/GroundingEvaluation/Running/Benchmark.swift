import GLIP
import GroundingData

/// How a benchmark asks a network, and how it measures the answers.
public enum Benchmark: String, Sendable, CaseIterable, Codable {
  /// COCO's twelve figures; all classes are named in one text if they fit.
  case coco
  /// LVIS with at most 300 detections a picture.
  case lvis
  /// LVIS with at most 10,000 detections a class over all pictures, as GLIP is measured.
  case lvisFixed = "lvis-fixed"
  /// Pascal VOC's mean of 11 precisions, as until 2007.
  case voc07
  /// Pascal VOC's area below the curve of precision.
  case voc
  /// Recall of the phrases of captions (Flickr30k Entities).
  case flickr
  /// Accuracy of expressions that refer to one object (RefCOCO, RefCOCO+, RefCOCOg).
  case refcoco

  /// Whether pictures have captions in place of a common list of classes.
  public var asksForPhrases: Bool { self == .flickr || self == .refcoco }

  /// The most classes that one text names; nil for as many as fit.
  public var classesPerText: Int? {
    switch self {
    case .lvis, .lvisFixed: 40
    default: nil
    }
  }

  /// What networks are measured with: everything that passes the network's own threshold is reported.
  public var options: DetectionOptions {
    var options = DetectionOptions()
    options.threshold = 0
    switch self {
    case .lvis:
      options.maximumDetections = 300
    case .lvisFixed:
      (options.maximumDetectionsPerText, options.maximumDetections) = (300, .max)
    default: break
    }
    return options
  }

  /// A box is so much wider and higher than its corners are apart: the authors' code counts the last pixel for some of
  /// the benchmarks, but not for others.
  var sideExcess: Double {
    switch self {
    case .coco, .voc07, .voc: 1
    case .lvis, .lvisFixed, .flickr, .refcoco: 0
    }
  }

  /// Which one a data set is made for.
  static func told(by dataset: any CheckedDataset) throws -> Benchmark {
    switch dataset.format {
    case .lvis: return .lvisFixed
    case .voc: return .voc
    default: break
    }
    guard dataset.classes.isEmpty else { return .coco }
    let (source, position) = dataset.origin(of: 0)
    if source is FlickrDataset { return .flickr }
    guard let grounding = source as? MDETRDataset else { return .flickr }
    return try grounding.evaluatedPhrases(at: position).isEmpty ? .refcoco : .flickr
  }
}

extension GroundingDataset {
  /// The data set that a record comes from, and its position there.
  func origin(of index: Int) -> (dataset: any GroundingDataset, index: Int) {
    guard let subset = self as? Subset else { return (self, index) }
    return subset.whole.origin(of: subset.indices[index])
  }
}
