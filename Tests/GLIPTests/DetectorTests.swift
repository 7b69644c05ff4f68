import Foundation
import GLIP
import Pictures
import Testing
import Torch

/// What a detector promises, on a network of every part of GLIP in small.
struct DetectorTests {
  private let detector: Detector
  private let cat: Picture
  private let coffee: Picture
  private let prompt = Prompt.classes(["cat", "cup", "remote control"])

  init() throws {
    detector = try Networks.detector(Networks.tiny)
    cat = try Golden.picture("chelsea.png")
    coffee = try Golden.picture("coffee.png")
  }

  @Test("detections are sorted, inside the picture, and name the prompt's words")
  func shape() throws {
    let found = try detector.detect(cat, prompt, options: Networks.everything)
    #expect(found.count > 10)
    let text = Array("cat. cup. remote control".unicodeScalars)
    for detection in found {
      let box = detection.box
      #expect(0 <= box.x0 && box.x0 <= box.x1 && box.x1 <= Double(cat.width))
      #expect(0 <= box.y0 && box.y0 <= box.y1 && box.y1 <= Double(cat.height))
      #expect((0...1).contains(detection.score))
      #expect(String(String.UnicodeScalarView(text[detection.span])) == detection.label)
      #expect(["cat", "cup", "remote control"][detection.labelIndex] == detection.label)
    }
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
  }

  @Test("a batch gives each picture what it gets alone")
  func batch() throws {
    let pictures = [cat, coffee, cat, cat]
    let alone = try pictures.map { try detector.detect($0, prompt, options: Networks.everything) }
    let together = try detector.detect(pictures, prompt, options: Networks.everything)
    #expect(together.count == pictures.count)
    for (one, other) in zip(alone, together) { expectEqual(one, other) }
  }

  @Test("several tasks may share a detector")
  func concurrency() async throws {
    let expected = try detector.detect(cat, prompt, options: Networks.everything)
    try await withThrowingTaskGroup(of: [Detection].self) { group in
      for index in 0..<12 {
        group.addTask { [detector, cat, coffee] in
          // Prompts of their own, so that the cache is written to at the same time.
          _ = try detector.detect(
            coffee, .classes([ClassPrompt("thing \(index)")]), options: Networks.everything)
          return try detector.detect(cat, prompt, options: Networks.everything)
        }
      }
      for try await found in group { expectEqual(found, expected) }
    }
  }

  @Test("thresholds, labels' own thresholds and the limit hold")
  func options() throws {
    var options = Networks.everything
    let all = try detector.detect(cat, prompt, options: options)
    let middle = all[all.count / 2].score
    options.threshold = middle
    let above = try detector.detect(cat, prompt, options: options)
    #expect(above.count == all.filter { $0.score > middle }.count)
    options.labelThresholds = ["cup": 0]
    let mixed = try detector.detect(cat, prompt, options: options)
    #expect(mixed.count == all.filter { $0.label == "cup" || $0.score > middle }.count)
    options.maximumDetections = 3
    #expect(try detector.detect(cat, prompt, options: options).count == 3)
    options.overlap = 0
    options.maximumDetections = 1000
    let apart = try detector.detect(cat, prompt, options: options)
    for (index, one) in apart.enumerated() {
      for other in apart[..<index] where other.label == one.label {
        let width = min(one.box.x1, other.box.x1) - max(one.box.x0, other.box.x0)
        let height = min(one.box.y1, other.box.y1) - max(one.box.y0, other.box.y0)
        #expect(width <= 0 || height <= 0)
      }
    }
  }

  @Test("values out of range and thresholds for unknown labels are refused by name")
  func wrongOptions() throws {
    func message(_ change: (inout DetectionOptions) -> Void) -> String {
      var options = DetectionOptions()
      change(&options)
      do {
        _ = try detector.detect(cat, prompt, options: options)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message { $0.threshold = 1.5 }.contains("threshold is 1.5"))
    #expect(message { $0.threshold = .nan }.contains("nan"))
    #expect(message { $0.maximumDetections = 0 }.contains("at least 1"))
    #expect(message { $0.overlap = -1 }.contains("overlap"))
    #expect(message { $0.resize = ResizeRule(minimumSide: 1_000_000) }.contains("minimum side"))
    #expect(message { $0.labelThresholds = ["dog": 0.2] }.contains("'dog'"))
  }

  @Test("a list that does not fit one text is split without a trace")
  func longList() throws {
    let names = (0..<150).map { "curious object number \($0)" }
    let encoded = try detector.prompts.encode(.classes(names.map { ClassPrompt($0) }))
    #expect(encoded.count > 1)
    let found = try detector.detect(
      cat, .classes(names.map { ClassPrompt($0) }), options: Networks.everything)
    let joined = Array(names.joined(separator: ". ").unicodeScalars)
    #expect(Set(found.map(\.labelIndex)).count > 1)
    for detection in found {
      #expect(names[detection.labelIndex] == detection.label)
      #expect(String(String.UnicodeScalarView(joined[detection.span])) == detection.label)
    }
    #expect(found.count <= Networks.everything.maximumDetections)
  }

  @Test("a list in chunks finds what each chunk finds alone")
  func chunks() throws {
    let names = ["cat", "cup", "remote control", "sofa", "tin_can"].map { ClassPrompt($0) }
    var prompts = detector.prompts
    prompts.maximumClasses = 2
    let chunked = try Detector(model: detector.model, prompts: prompts)
    var options = Networks.everything
    options.maximumDetections = 40
    let alone = try stride(from: 0, to: 5, by: 2).map { start in
      try detector.detect(cat, .classes(Array(names[start..<min(start + 2, 5)])), options: options)
    }
    #expect(alone.allSatisfy { $0.count == 40 })
    (options.maximumDetectionsPerText, options.maximumDetections) = (40, .max)
    let found = try chunked.detect(cat, .classes(names), options: options)
    #expect(found.count == 120)
    for (index, part) in alone.enumerated() {
      let own = found.filter { $0.labelIndex / 2 == index }
      #expect(own.map(\.label) == part.map(\.label))
      #expect(own.map(\.score) == part.map(\.score) && own.map(\.box) == part.map(\.box))
    }
    options.maximumDetections = 50
    #expect(try chunked.detect(cat, .classes(names), options: options) == Array(found.prefix(50)))
  }

  @Test("a synonym answers under the class's name")
  func synonyms() throws {
    let alone = try detector.detect(cat, .classes(["sofa", "couch"]), options: Networks.everything)
    let joined = try detector.detect(
      cat, .classes([ClassPrompt("sofa", synonyms: ["couch"])]), options: Networks.everything)
    #expect(Set(alone.map(\.label)) == ["sofa", "couch"])
    #expect(Set(joined.map(\.label)) == ["sofa"])
    #expect(joined.first?.score == alone.first?.score)
  }

  @Test("captions: marked phrases are what is looked for")
  func caption() throws {
    let found = try detector.detect(cat, .caption("[a cat] near [a red cup]"), options: Networks.everything)
    #expect(Set(found.map(\.label)) == ["a cat", "a red cup"])
  }

  @Test("bfloat16 runs and finds about the same")
  func bfloat16() throws {
    let half = try Detector(model: detector.model, precision: .bfloat16)
    let exact = try detector.detect(cat, prompt, options: Networks.everything)
    let rough = try half.detect(cat, prompt, options: Networks.everything)
    let best = try #require(exact.first)
    #expect(rough.contains { $0.label == best.label && abs($0.score - best.score) < 0.05 })
  }

  @Test("a hundred detections leave no tensor behind")
  func leaks() throws {
    _ = try detector.detect(cat, prompt, options: Networks.everything)
    // Other tests make and release tensors at the same time, so a single count may be off; a leak shows every time.
    let isFlat = try (0..<20).contains { _ in
      let before = Tensor.liveCount
      for _ in 0..<100 { _ = try detector.detect(cat, prompt, options: Networks.everything) }
      return Tensor.liveCount - before < 100
    }
    #expect(isFlat)
  }

  @Test("a picture of one pixel and a very long one are no trouble")
  func extremeSizes() throws {
    for (width, height) in [(1, 1), (2000, 3), (3, 2000)] {
      let picture = Picture(
        width: width, height: height, pixels: [UInt8](repeating: 90, count: 3 * width * height))
      _ = try detector.detect(picture, prompt, options: Networks.everything)
    }
  }

  @Test("a narrow picture is not enlarged out of bounds")
  func narrowPicture() throws {
    var options = Networks.everything
    options.resize = ResizeRule(minimumSide: 800, maximumSide: nil)
    let picture = Picture(width: 20_000, height: 2, pixels: [UInt8](repeating: 0, count: 3 * 20_000 * 2))
    let error = #expect(throws: DetectorError.self) { try detector.detect(picture, prompt, options: options) }
    #expect(error?.description.contains("8000000 x 800") == true)
  }

  private func expectEqual(_ one: [Detection], _ other: [Detection]) {
    #expect(one.count == other.count)
    for (a, b) in zip(one, other) {
      #expect(a.label == b.label && abs(a.score - b.score) < 1e-4)
      #expect(abs(a.box.x0 - b.box.x0) < 0.1 && abs(a.box.y1 - b.box.y1) < 0.1)
    }
  }
}
