import Foundation
import GLIP
import GroundingData
import Testing

/// Captions with boxes tied to their words, as they are and as web captions are used.
struct PromptingCaptionTests {
  private let tokenizer: WordPieceTokenizer
  private let folder: PictureFolder

  init() throws {
    tokenizer = try .bertUncased()
    folder = try PictureFolder()
  }

  private func samples(
    _ dataset: ListedDataset, _ grounding: CaptionGrounding, seed: UInt64 = 0
  ) throws -> [Sample] {
    let set = try TrainingSet(
      [.init(dataset, grounding: grounding)], augmentation: .none(shortSide: 30), tokenizer: tokenizer,
      seed: seed)
    return try set.samples(at: LoaderPosition(), Batching(size: dataset.count))
      .sorted { Int($0.id)! < Int($1.id)! }
  }

  @Test func `captions are taken as they are, without crowds and with boxes cut to the picture`() throws {
    var dataset = try folder.captions(1)
    dataset.records[0].objects += [
      Record.Object(box: CornerBox(x0: 0, y0: 0, x1: 9, y1: 9), spans: [0..<1], isCrowd: true),
      Record.Object(box: CornerBox(x0: -5, y0: -5, x1: 90, y1: 90), spans: [6..<12]),
      Record.Object(box: CornerBox(x0: 39, y0: 5, x1: 60, y1: 9), spans: [0..<1]),
    ]
    let sample = try samples(dataset, CaptionGrounding())[0]
    #expect(sample.caption == "a dog number 0")
    #expect(sample.objects.map(\.spans) == [[0..<5], [6..<12]])
    #expect(sample.objects[1].box == CornerBox(x0: 0, y0: 0, x1: 39, y1: 29))
  }

  @Test func `boxes of low scores, and all but the best of those that overlap, are left out`() throws {
    let dataset = try folder.captions(1, scores: [0.6, 0.9, 0.5, 0.2])
    var grounding = CaptionGrounding()
    grounding.minimumScore = 0.5
    #expect(try samples(dataset, grounding)[0].objects.map(\.box.x0) == [0, 3])
    grounding.maximumOverlap = 0.5
    #expect(try samples(dataset, grounding)[0].objects.map(\.box.x0) == [3])
    grounding.maximumOverlap = 0.95
    #expect(try samples(dataset, grounding)[0].objects.map(\.box.x0) == [0, 3])
  }

  @Test func `a record with too few boxes is replaced, and if none has enough, that is said`() throws {
    var dataset = try folder.captions(6)
    dataset.records[2].objects = []
    dataset.records[3].objects[0].score = 0.4
    let chosen = try samples(dataset, .webCaptions)
    #expect(chosen.count == 6)
    #expect(!chosen.contains { ["2", "3"].contains($0.id) })
    for index in dataset.records.indices { dataset.records[index].objects = [] }
    let error = #expect(throws: SampleError.self) { try samples(dataset, .webCaptions) }
    #expect(error?.reason.contains("100 other records") == true)
  }

  @Test func `a picture may get the caption of another, and has nothing to find then`() throws {
    let dataset = try folder.captions(8)
    var grounding = CaptionGrounding()
    grounding.strangeCaptionProbability = 1
    for sample in try samples(dataset, grounding) {
      #expect(sample.caption != "a dog number \(sample.id)")
      #expect(sample.caption.hasPrefix("a dog number "))
      #expect(sample.objects.isEmpty)
    }
  }

  @Test func `packed captions keep their words tied, and fit`() throws {
    let dataset = try folder.captions(40)
    var counts: [Int] = []
    var places: Set<Int> = []
    for seed in 0..<10 {
      for sample in try samples(dataset, .webCaptions, seed: UInt64(seed)) {
        #expect(sample.caption.hasSuffix(". "))
        let pieces = sample.caption.components(separatedBy: ". ").dropLast()
        #expect(pieces.contains("a dog number \(sample.id)"))
        #expect(tokenizer.tokenize(sample.caption).count <= 256)
        let span = sample.objects[0].spans[0]
        #expect(sample.caption[span] == "a dog")
        #expect(
          sample.caption[span.lowerBound..<sample.caption.unicodeScalars.count]
            .hasPrefix("a dog number \(sample.id). "))
        counts.append(pieces.count)
        places.insert(span.lowerBound)
      }
    }
    #expect((100...220).contains(counts.count { $0 == 1 }))
    #expect((80...180).contains(counts.count { $0 == 21 }))
    #expect(Set(counts).count > 10 && counts.max() == 21)
    #expect(places.count > 10)
  }

  @Test func `captions that do not fit beside the picture's own are not packed`() throws {
    var dataset = try folder.captions(3)
    let long = String(repeating: "word ", count: 200)
    for index in [1, 2] { dataset.records[index].text = .caption("a dog " + long) }
    var grounding = CaptionGrounding.webCaptions
    grounding.packing?.aloneProbability = 0
    grounding.packing?.allProbability = 1
    for sample in try samples(dataset, grounding) {
      let tokens = tokenizer.tokenize(sample.caption).count
      #expect(tokens <= 256)
      #expect(sample.caption[sample.objects[0].spans[0]] == "a dog")
    }
  }

  @Test func `a span outside of its caption is an error that names the record`() throws {
    var dataset = try folder.captions(1)
    dataset.records[0].objects[0].spans = [5..<99]
    let error = #expect(throws: SampleError.self) { try samples(dataset, CaptionGrounding()) }
    #expect(
      error?.description
        == "captions, record 0: the span 5..<99 is outside of the caption of 14 characters.")
  }
}
