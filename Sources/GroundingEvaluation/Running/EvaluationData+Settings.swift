import Checkpoints
import GLIP

extension EvaluationData {
  /// What detections depend on, apart from the network: for `EvaluationRun`.
  public func settings(_ options: DetectionOptions, classesPerText: Int?) -> [String: String] {
    var records = Fingerprint()
    for (index, image) in imageIndices.enumerated() {
      records.add(image.map { "\(groundTruth.images[$0].id)" } ?? "")
      if benchmark.asksForPhrases, let caption = captions[index] {
        records.add(caption.text + "\(caption.phrases.map(\.span))")
      }
    }
    var prompt = Fingerprint()
    for item in classPrompts { prompt.add("\(item)") }
    func text(_ value: Int?) -> String { value.map { "\($0)" } ?? "any" }
    return [
      "data": "\(records)", "prompt": "\(prompt)", "classes per text": text(classesPerText),
      "detections per picture": options.maximumDetections == .max ? "any" : "\(options.maximumDetections)",
      "detections per text": text(options.maximumDetectionsPerText),
      "size": options.resize.map { "\($0)" } ?? "the network's",
      "overlap": "\(options.overlap)", "candidate threshold": "\(options.candidateThreshold)",
    ]
  }
}
