import GLIP
import Pictures

/// A detector that looks at every picture at several sizes, and as a mirror shows it.
///
/// Each view is searched as the network's own options say, its suppression of overlapping boxes included; then boxes
/// are put on the picture as it is, and merged. Of a single view there is nothing to merge, so that the result is
/// the detector's own, unless scores are to decay: then that takes the place of the network's suppression.
public struct AugmentedDetector: PictureDetecting {
  public let detector: Detector
  /// But for the size.
  public let options: DetectionOptions
  public let augmentation: TestAugmentation

  /// - Throws: `EvaluationError` or `DetectorError` for settings that make no sense.
  public init(_ detector: Detector, options: DetectionOptions, augmentation: TestAugmentation) throws {
    try augmentation.validate()
    (self.detector, self.options, self.augmentation) = (detector, options, augmentation)
  }

  public func detect(_ picture: Picture, _ prompt: Prompt) throws -> [Detection] {
    var found: [Detection] = []
    for scale in augmentation.scales {
      let resized = try Preprocessing.resized(picture, augmentation.rule(scale))
      let views = augmentation.mirrors ? [resized, resized.mirrored()] : [resized]
      let inputs = try views.map { try Preprocessing.input(ofResized: $0) }
      let detections = try detector.detect(inputs, prompt, options: viewOptions)
      for (isMirrored, detections) in zip([false, true], detections) {
        found += detections.filter { scale.counts($0.box) }.map { detection in
          var detection = detection
          if isMirrored { detection.box = detection.box.mirrored(width: resized.width) }
          detection.box = detection.box.placed(from: resized, to: picture)
          return detection
        }
      }
    }
    return merges ? augmentation.merging.merged(found).reported(mergedOptions) : found
  }

  private var merges: Bool { augmentation.viewCount > 1 || augmentation.merging.method.isSoft }

  /// Of a single view.
  private var viewOptions: DetectionOptions {
    var options = options
    guard merges else { return options }
    // What falls below the threshold here may still vote.
    (options.threshold, options.labelThresholds) = (0, [:])
    return augmentation.viewCount > 1 ? options : options.withoutSuppression
  }

  private var mergedOptions: DetectionOptions {
    var options = options
    if augmentation.viewCount > 1 {
      options.maximumDetections = max(options.maximumDetections, augmentation.maximumDetections)
    }
    return options
  }
}

extension DetectionOptions {
  /// Everything that the network is sure enough of, for a merging of one's own.
  public var withoutSuppression: DetectionOptions {
    var options = self
    (options.overlap, options.maximumDetections, options.maximumDetectionsPerText) = (1, .max, nil)
    (options.threshold, options.labelThresholds) = (0, [:])
    return options
  }
}

extension PixelBox {
  /// Where the box is on the picture that a mirror shows, of the given width: its first column is then its last.
  package func mirrored(width: Int) -> PixelBox {
    let last = Double(width - 1)
    return PixelBox(x0: last - x1, y0: y0, x1: last - x0, y1: y1)
  }

  /// In pixels of the picture that was resized, in the arithmetic of `Detector`.
  func placed(from resized: Picture, to original: Picture) -> PixelBox {
    let x = Float(original.width) / Float(resized.width)
    let y = Float(original.height) / Float(resized.height)
    return PixelBox(
      x0: Double(Float(x0) * x), y0: Double(Float(y0) * y), x1: Double(Float(x1) * x),
      y1: Double(Float(y1) * y))
  }
}
