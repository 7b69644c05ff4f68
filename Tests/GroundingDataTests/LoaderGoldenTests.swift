import Checkpoints
import Foundation
import GLIP
import GroundingData
import Pictures
import Testing
import Torch

/// The batch of the recorded training step, made from its annotations.
@Suite(.enabled(if: goldenFolder != nil, "the recorded training step is not here"))
struct LoaderGoldenTests {
  private struct Description: Decodable {
    struct Annotation: Decodable {
      let bbox: [Double]
      let iscrowd: Int
      let spans: [[Int]]

      private enum CodingKeys: String, CodingKey {
        case bbox, iscrowd
        case spans = "tokens_positive"
      }
    }
    let captions: [String]
    let spans: [Int: [Int]]
    let annotations: [Annotation]

    private enum CodingKeys: String, CodingKey {
      case captions
      case spans = "label_to_positions"
      case annotations = "annotations1"
    }
  }

  private let description: Description
  private let arrays: Checkpoint
  private let folder: URL

  init() throws {
    folder = try #require(goldenFolder)
    let base = folder.appendingPathComponent("train/glip_t_c")
    description = try JSONDecoder().decode(
      Description.self, from: Data(contentsOf: base.appendingPathExtension("json")))
    arrays = try Checkpoint(opening: base.appendingPathExtension("safetensors"))
  }

  private func numbers(_ name: String) throws -> [Float] { try Tensor(named: name, in: arrays).elements() }

  private func size(_ name: String) throws -> (picture: Picture, source: PictureSource, size: Record.Size) {
    let source = PictureSource.file(folder.appendingPathComponent("images/\(name).png"))
    let picture = try source.load()
    return (picture, source, Record.Size(width: picture.width, height: picture.height))
  }

  /// The picture whose boxes are tied to a caption, through the whole pipeline.
  private func grounding(_ tokenizer: WordPieceTokenizer) throws -> Sample {
    let (_, source, size) = try size("astronaut")
    let record = Record(
      id: "1", picture: source, size: size, text: .caption(description.captions[1]),
      objects: description.annotations.map { annotation in
        let box = annotation.bbox
        return Record.Object(
          box: CornerBox(x0: box[0], y0: box[1], x1: box[0] + box[2] - 1, y1: box[1] + box[3] - 1),
          spans: annotation.spans.map { $0[0]..<$0[1] }, isCrowd: annotation.iscrowd == 1)
      })
    let set = try TrainingSet(
      [.init(ListedDataset(records: [record]))], augmentation: .none(shortSide: 224, longestSide: 320),
      tokenizer: tokenizer)
    return try set.samples(at: LoaderPosition(), Batching(size: 1))[0]
  }

  /// The picture whose classes were put in random order: its prompt is taken as recorded.
  private func detection() throws -> Sample {
    let (picture, _, _) = try size("chelsea")
    let boxes = try numbers("boxes0_orig_xyxy")
    let labels = try Tensor(named: "labels0_orig", in: arrays).elements(Int64.self)
    let objects = try labels.enumerated().map { row, label in
      let box = boxes[4 * row..<4 * row + 4].map(Double.init)
      let span = try #require(description.spans[Int(label)])
      return Sample.Object(
        box: CornerBox(x0: box[0], y0: box[1], x1: box[2], y1: box[3]), spans: [span[0]..<span[1]])
    }
    var generator = SeededGenerator(seed: 0)
    return try Augmentation.none(shortSide: 224, longestSide: 320).applied(
      to: sample(picture, description.captions[0], objects), using: &generator)
  }

  @Test func `pixels, sizes, tokens, boxes and the tokens they are tied to are the authors'`() throws {
    let tokenizer = try WordPieceTokenizer.bertUncased()
    let batch = try Batch([detection(), grounding(tokenizer)], tokenizer: tokenizer)

    #expect(
      batch.sizes.flatMap { [Int64($0.height), Int64($0.width)] }
        == (try Tensor(named: "image_sizes_hw", in: arrays).elements(Int64.self)))
    let pixels = try batch.pixels.elements(Float.self)
    let recorded = try numbers("input")
    #expect(pixels.count == recorded.count)
    #expect(zip(pixels, recorded).allSatisfy { abs($0 - $1) < 1e-5 })

    let ids = try Tensor(named: "input_ids", in: arrays).elements(Int64.self)
    for (row, prompt) in batch.prompts.enumerated() {
      let padded = prompt.map(Int64.init) + Array(repeating: 0, count: 256 - prompt.count)
      #expect(padded == Array(ids[256 * row..<256 * (row + 1)]))
    }

    for (index, targets) in batch.targets.enumerated() {
      let expected = try numbers("boxes\(index)")
      let boxes = targets.boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] }
      #expect(boxes.count == expected.count)
      #expect(zip(boxes, expected).allSatisfy { abs($0 - Double($1)) < 1e-4 })
    }
    let rows = batch.targets.flatMap(\.tokens).flatMap { ranges in
      let tied = Set(ranges.joined())
      return (0..<256).map { tied.contains($0) ? Float(1) : 0 }
    }
    #expect(try rows == numbers("positive_map"))
  }
}
