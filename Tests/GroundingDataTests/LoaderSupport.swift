import Foundation
import GLIP
import GroundingData
import Pictures
import Synchronization

/// Records in memory; what happens when one is read can be observed.
struct ListedDataset: GroundingDataset {
  var name = "list"
  var classes: [ObjectClass] = []
  var records: [Record]
  var willRead: @Sendable (Int) throws -> Void = { _ in }

  var count: Int { records.count }
  func record(at index: Int) throws -> Record {
    try willRead(index)
    return records[index]
  }
  func size(at index: Int) -> Record.Size? { records[index].size }
}

/// Something wrong with a record, in words.
struct Flaw: Error, CustomStringConvertible {
  let description: String
}

/// Small pictures in a folder that is there while a test runs.
final class PictureFolder: Sendable {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("glip-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ picture: Picture, _ name: String) throws -> PictureSource {
    let file = url.appendingPathComponent(name)
    try picture.write(to: file)
    return .file(file)
  }

  /// Detection records 0, 1, … of wide and high pictures, each with objects of one to three of `classes`
  /// classes.
  func detection(_ count: Int, classes: Int = 6, name: String = "list") throws -> ListedDataset {
    var generator = SeededGenerator(seed: 1)
    let records = try (0..<count).map { index in
      let isWide = Bool.random(using: &generator)
      let size = isWide ? Record.Size(width: 48, height: 32) : Record.Size(width: 30, height: 40)
      let source = try write(.noise(size, seed: index), "\(name)-\(index).png")
      let objects = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
        let x = Double.random(in: 0..<15, using: &generator)
        let y = Double.random(in: 0..<15, using: &generator)
        return Record.Object(
          box: CornerBox(x0: x, y0: y, x1: x + 10, y1: y + 12),
          classIndex: Int.random(in: 0..<classes, using: &generator))
      }
      return Record(id: "\(index)", picture: source, size: size, text: .classes, objects: objects)
    }
    return ListedDataset(
      name: name, classes: (0..<classes).map { ObjectClass(id: $0 + 1, name: "thing \($0)") },
      records: records)
  }

  /// Captions "a dog number N.", with the first two words tied to a box.
  func captions(_ count: Int, scores: [Double]? = nil) throws -> ListedDataset {
    let size = Record.Size(width: 40, height: 30)
    let source = try write(.noise(size, seed: 7), "captions.png")
    let records = (0..<count).map { index in
      let objects = (scores ?? [1]).enumerated().map { position, score in
        Record.Object(
          box: CornerBox(x0: Double(3 * position), y0: 2, x1: Double(3 * position) + 20, y1: 22),
          spans: [0..<5], score: score)
      }
      return Record(
        id: "\(index)", picture: source, size: size, text: .caption("a dog number \(index)"), objects: objects
      )
    }
    return ListedDataset(name: "captions", records: records)
  }
}

extension Picture {
  static func noise(_ size: Record.Size, seed: Int) -> Picture {
    var generator = SeededGenerator(seed: 99, seed)
    return Picture(
      width: size.width, height: size.height,
      pixels: (0..<3 * size.width * size.height).map { _ in
        UInt8(truncatingIfNeeded: generator.next())
      })
  }
}

extension String {
  /// The part that a span in Unicode scalars covers.
  subscript(span: Range<Int>) -> String {
    String(String.UnicodeScalarView(Array(unicodeScalars)[span]))
  }
}

/// What of a batch is compared with another.
struct BatchContent: Equatable {
  let pixels: [Float]
  let ids: [String]
  let prompts: [[Int32]]
  let targets: [PictureTargets]

  init(_ batch: Batch) throws {
    pixels = try batch.pixels.elements()
    (ids, prompts, targets) = (batch.ids, batch.prompts, batch.targets)
  }
}

/// A sample that is a sentence with boxes.
func sample(_ picture: Picture, _ caption: String, _ objects: [Sample.Object]) -> Sample {
  Sample(id: "one", picture: picture, caption: caption, objects: objects)
}

/// The recorded arrays of the authors' code, in a folder beside the checkout, or in `GLIP_SHARED`.
let goldenFolder: URL? = {
  let environment = ProcessInfo.processInfo.environment["GLIP_SHARED"].map { URL(fileURLWithPath: $0) }
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let folder = (environment ?? root.deletingLastPathComponent().appendingPathComponent("shared"))
    .appendingPathComponent("golden")
  if FileManager.default.fileExists(atPath: folder.path) { return folder }
  print("Skipping comparisons with the recorded training step: there is no \(folder.path).")
  return nil
}()
