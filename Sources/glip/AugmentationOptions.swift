import ArgumentParser
import GLIP
import GroundingEvaluation

/// How often each picture is looked at, and how what is found is merged.
struct AugmentationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Shorter sides at which pictures are looked at, one after the other; or 'authors' for their twelve, each with the "
        + "sizes of boxes that count there.", valueName: "pixels,…"),
    transform: Scales.init)
  var scales: Scales?

  @Option(help: ArgumentHelp("Most pixels of the longer side, with --scales.", valueName: "pixels"))
  var scaleLimit = 2500

  @Flag(help: "Look at the mirrored picture as well.")
  var flip = false

  @Option(
    help: ArgumentHelp(
      "What becomes of boxes of one class that overlap: nms (the best one remains), vote (their mean does), soft-nms or "
        + "linear-soft-nms (their scores fall). (default: nms)", valueName: "method"))
  var merge: Method?

  @Option(help: ArgumentHelp("Overlap from which boxes are merged, 0 to 1.", valueName: "share"))
  var mergeOverlap = 0.6

  @Option(help: ArgumentHelp("How slowly scores fall with soft-nms.", valueName: "number"))
  var sigma = 0.5

  enum Method: String, CaseIterable, ExpressibleByArgument {
    case nms
    case vote
    case softNMS = "soft-nms"
    case linearSoftNMS = "linear-soft-nms"
  }

  /// `authors`, or numbers.
  struct Scales {
    let values: [TestAugmentation.Scale]

    init(_ text: String) throws {
      guard text != "authors" else {
        values = TestAugmentation.authors.scales
        return
      }
      let sides = text.split(separator: ",", omittingEmptySubsequences: false)
      values = try sides.map { part in
        guard let side = Int(part.trimmingCharacters(in: .whitespaces)) else {
          throw ValidationError("numbers separated by commas are expected, or 'authors'")
        }
        return TestAugmentation.Scale(side)
      }
    }
  }

  func validate() throws {
    let isSingle = (scales?.values.count ?? 1) == 1 && !flip
    if isSingle, let merge, !merging.method.isSoft {
      throw ValidationError(
        "--merge \(merge.rawValue) has nothing to merge of one look at a picture; add --flip or --scales")
    }
  }

  private var merging: BoxMerging {
    let method: BoxMerging.Method =
      switch merge ?? .nms {
      case .nms: .suppression
      case .vote: .voting
      case .softNMS: .gaussianDecay(sigma: sigma)
      case .linearSoftNMS: .linearDecay
      }
    return BoxMerging(method, overlap: mergeOverlap)
  }

  /// Nil where nothing of it was asked for.
  ///
  /// - Parameter size: of the only look, where there are no scales.
  func augmentation(_ size: ResizeRule) throws -> TestAugmentation? {
    guard scales != nil || flip || merge != nil else { return nil }
    let augmentation = TestAugmentation(
      scales?.values ?? [.init(size.minimumSide)],
      longestSide: scales == nil ? size.maximumSide : scaleLimit == 0 ? nil : scaleLimit, mirrors: flip,
      merging: merging)
    try augmentation.validate()
    return augmentation
  }

  /// The detector that looks as was asked.
  func detecting(_ detector: Detector, _ options: DetectionOptions) throws -> any PictureDetecting {
    guard let augmentation = try augmentation(detector.resize(options)) else {
      return EvaluatedDetector(detector, options: options)
    }
    return try AugmentedDetector(detector, options: options, augmentation: augmentation)
  }
}
