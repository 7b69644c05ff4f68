import Checkpoints
import Foundation
import GLIP
import Testing
import Torch

/// Agreement with the authors' code, array by array (Documentation/parity.md has the table).
///
/// The bounds are relative to each recorded array's largest magnitude: intermediate arrays were recorded in
/// float16, whose rounding alone is 5e-4.
@Suite(.serialized)
struct ParityTests {
  @Test(
    "every recorded array is reproduced",
    .enabled(if: Golden.isComplete, "the full recorded arrays are not beside this checkout"),
    arguments: [Preset.glipTA, .glipTC, .glipL])
  func everyArray(preset: Preset) throws {
    let folder = try #require(Golden.all).appendingPathComponent(preset.rawValue.replacing("-", with: "_"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".safetensors") }.map { String($0.dropLast(".safetensors".count)) }.sorted()
    #expect(!names.isEmpty)
    let detector = try Networks.detector(preset.configuration)
    for name in names { try compare(detector, GoldenCase(name, in: folder), "\(preset.rawValue)/\(name)") }
  }

  @Test("the cases that come with the tests are reproduced", arguments: [Preset.glipTA, .glipTC])
  func bundledCases(preset: Preset) throws {
    let folder = Golden.fixtures.appendingPathComponent(preset.rawValue.replacing("-", with: "_"))
    let detector = try Networks.detector(preset.configuration)
    try compare(detector, GoldenCase("d1_demo_coffee", in: folder), "\(preset.rawValue)/d1_demo_coffee")
    if preset == .glipTA {
      try compare(detector, GoldenCase("s3_cap_astronaut", in: folder), "\(preset.rawValue)/s3_cap_astronaut")
    }
  }

  private func compare(_ detector: Detector, _ golden: GoldenCase, _ title: String) throws {
    let trace = try detector.trace(golden.picture, golden.prompt, options: golden.options)
    let traced = Dictionary(trace.map { ($0.name, $0.tensor) }) { first, _ in first }
    var worst: [String: Double] = [:]
    for entry in golden.arrays.entries where !Self.isDerived(entry.name) {
      let tensor = try #require(traced[entry.name], "\(title): the trace has no \(entry.name)")
      let recorded = try golden.array(entry.name)
      if entry.name.hasPrefix("det_") { continue }
      #expect(tensor.shape == recorded.shape, "\(title): \(entry.name)")
      guard tensor.shape == recorded.shape else { continue }
      let error = try tensor.error(from: recorded)
      #expect(error <= Self.bound(entry.name), "\(title): \(entry.name) differs by \(error)")
      let stage = Self.stage(entry.name) + (entry.type == .float16 ? ", recorded in float16" : "")
      worst[stage] = max(worst[stage] ?? 0, error)
    }
    try compareDetections(traced, golden, title)
    if golden.arrays["top_scores"] != nil { try compareReported(detector, golden, title) }
    if ProcessInfo.processInfo.environment["GLIP_PARITY_TABLE"] != nil {
      for (stage, error) in worst.sorted(by: { $0.key < $1.key }) {
        print("| \(title) | \(stage) | \(String(format: "%.1e", error)) |")
      }
    }
  }

  /// The same detections in the same order. Recorded and computed scores differ by rounding, so detections of
  /// nearly equal score may change places, and one at a threshold may come or go.
  private func compareDetections(_ traced: [String: Tensor], _ golden: GoldenCase, _ title: String) throws {
    func detections(_ boxes: Tensor, _ scores: Tensor, _ labels: Tensor) throws -> [Found] {
      let (boxes, scores, labels) = try (
        boxes.elements(Float.self), scores.elements(Float.self), labels.elements(Int64.self)
      )
      // The demo's detections were recorded in the order of the suppression, all others by score.
      return scores.indices.sorted { scores[$0] > scores[$1] }.map {
        Found(label: labels[$0], score: scores[$0], box: Array(boxes[4 * $0..<4 * $0 + 4]))
      }
    }
    let boxes = try #require(traced["det_boxes"])
    let found = try detections(boxes, #require(traced["det_scores"]), #require(traced["det_labels"]))
    let expected = try detections(
      golden.array("det_boxes"), golden.array("det_scores"), golden.array("det_labels"))
    #expect(
      abs(found.count - expected.count) <= 1, "\(title): \(found.count) detections, not \(expected.count)")
    let missing = expected.filter { wanted in !found.contains { $0.matches(wanted) } }
    #expect(missing.count <= 1, "\(title): \(missing) are missing")
    let order = expected.compactMap { wanted in found.firstIndex { $0.matches(wanted) } }
    for (one, next) in zip(order, order.dropFirst()) where one > next {
      #expect(found[one].score - found[next].score > -1e-3, "\(title): out of order")
    }
  }

  /// What the authors' demo shows: the detections above its threshold of 0.2, best first.
  private func compareReported(_ detector: Detector, _ golden: GoldenCase, _ title: String) throws {
    var options = golden.options
    options.threshold = 0.2
    let found = try detector.detect(golden.picture, golden.prompt, options: options)
    let scores = try golden.array("top_scores").elements(Float.self)
    let labels = try golden.array("top_labels").elements(Int64.self)
    let boxes = try golden.array("top_boxes").elements(Float.self)
    #expect(found.count == scores.count, "\(title)")
    for (index, detection) in found.enumerated() where index < scores.count {
      let box = [detection.box.x0, detection.box.y0, detection.box.x1, detection.box.y1].map { Float($0) }
      let mine = Found(label: Int64(detection.labelIndex + 1), score: Float(detection.score), box: box)
      let wanted = Found(
        label: labels[index], score: scores[index], box: Array(boxes[4 * index..<4 * index + 4]))
      #expect(mine.matches(wanted), "\(title): \(mine) is not \(wanted)")
    }
  }

  private struct Found {
    let label: Int64
    let score: Float
    let box: [Float]

    func matches(_ other: Found) -> Bool {
      label == other.label && abs(score - other.score) <= 1e-3
        && zip(box, other.box).allSatisfy { abs($0 - $1) <= 0.5 }
    }
  }

  /// Summaries that are made of other recorded arrays.
  private static func isDerived(_ name: String) -> Bool {
    ["n_above_threshold", "image_sizes_hw"].contains(name) || name.hasPrefix("top_")
  }

  /// Tokens and pixels are identical; what the heads put out was recorded in float32 and is held closer.
  private static func bound(_ name: String) -> Double {
    switch stage(name) {
    case "1 preprocessing", "2 tokens": 0
    case "8 raw outputs": 2e-3
    default: 1e-3
    }
  }

  private static func stage(_ name: String) -> String {
    switch name {
    case "input", "resized_rgb", "input_size_wh", "resized_size_wh", "padded_hw": "1 preprocessing"
    case "input_ids", "attention_mask", "special_tokens_mask", "char_offsets", "pos_labels", "pos_map":
      "2 tokens"
    case let name where name.hasPrefix("anchors_"): "2 tokens"
    case let name where name.hasPrefix("body_"): "3 Swin"
    case let name where name.hasPrefix("fpn_"): "4 pyramid"
    case let name where name.hasPrefix("bert_"): "5 BERT"
    case let name where name.contains("_fuse_") || name.hasSuffix("_bert_lang"): "6 fusion and BERT layers"
    case let name where name.hasPrefix("dy0_") || name.contains("_dyconv_"): "7 dynamic convolution"
    default: "8 raw outputs"
    }
  }
}
