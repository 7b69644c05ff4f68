// Names of members as they are in the file.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import Foundation
import GroundingData
import Testing

/// Real pictures with boxes, in a folder beside a checkout of the project; `GLIP_SHARED` overrides where it is looked for.
private let realData: URL? = {
  let environment = ProcessInfo.processInfo.environment["GLIP_SHARED"].map { URL(fileURLWithPath: $0) }
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  let folder = (environment ?? root.deletingLastPathComponent().appending(path: "shared")).appending(
    path: "data")
  if FileManager.default.fileExists(atPath: folder.path) { return folder }
  print("Skipping the tests with real pictures: there is no \(folder.path).")
  return nil
}()

@Suite(.enabled(if: realData != nil))
struct RealDataTests {
  @Test(
    arguments: [
      ("raccoon/train.json", nil, 134, 1), ("bccd/test.json", nil, 62, 3),
      ("coco/instances_val2017.json", "coco/val2017", 79, 80),
    ] as [(String, String?, Int, Int)])
  func filesInCOCOsFormAreRead(path: String, pictures: String?, count: Int, classes: Int) throws {
    let description = DatasetDescription(annotations: path, pictures: pictures, onError: .skip)
    let data = try description.open(relativeTo: realData)
    #expect(data is COCODataset)
    #expect((data.count, data.classes.count) == (count, classes))
    let report = try data.validate(readingPictures: false)
    #expect(report.records == count && report.objects >= count / 2)
    #expect(try data.record(at: 0).picture.load().width == data.size(at: 0)?.width)
  }

  /// Each box and class, against a decoder that reads the file as a whole.
  @Test func theIndexFindsWhatAnotherDecoderFinds() throws {
    struct File: Decodable {
      struct Annotation: Decodable {
        let image_id, category_id: Int
        let bbox: [Double]
        let area: Double
      }
      let annotations: [Annotation]
    }
    let url = try #require(realData).appending(path: "coco/instances_train2017.json")
    let expected = Dictionary(
      grouping: try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).annotations, by: \.image_id)
    let data = try DatasetDescription(annotations: url.path).open()
    for record in try data.allRecords() {
      let annotations = expected[try #require(Int(record.id))] ?? []
      #expect(
        record.objects.map { $0.classIndex.map { data.classes[$0].id } } == annotations.map(\.category_id))
      #expect(record.objects.map(\.box.x0) == annotations.map { $0.bbox[0] })
      #expect(record.objects.map(\.box.x1) == annotations.map { $0.bbox[0] + $0.bbox[2] - 1 })
      #expect(record.objects.map(\.area) == annotations.map(\.area))
    }
  }

  @Test func lvisKnowsItsFrequencies() throws {
    let path = "lvis/lvis_val_100.json"
    let data = try #require(
      try DatasetDescription(annotations: path, onError: .skip).open(relativeTo: realData) as? LVISDataset)
    #expect((data.count, data.classes.count) == (100, 1230))
    let counts = LVISDataset.Frequency.allCases.map { frequency in data.frequencies.count { $0 == frequency }
    }
    #expect(counts == [454, 461, 315])
    #expect(try !data.coverage(at: 0).absent.isEmpty)
  }
}
