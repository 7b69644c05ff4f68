import Foundation

/// Pictures with captions or boxes in tar archives. The members of a sample follow each other and share a name up to its
/// first dot; what comes behind says what they are: a picture (`jpg`, `png`, …), a caption (`txt`, `caption`), or `json`
/// with a caption, or with boxes in the form of ODVG or of the authors' caption data.
public struct WebDataset: CheckedDataset {
  private struct Sample: Sendable {
    let shard: Int
    let key: String
    var picture: Range<Int>?
    var caption: Range<Int>?
    var json: Range<Int>?
  }

  public let name: String
  public let faults: FaultLog
  private let shards: [TarIndex]
  private let samples: [Sample]
  private let list: ClassList

  static let pictureTypes: Set<String> = ["jpg", "jpeg", "png", "webp", "tif", "tiff", "gif", "bmp"]
  static let labelMapName = "label_map.json"

  /// - Parameters:
  ///   - url: an archive, or a folder of them.
  ///   - labelMap: of detection data; nil for `label_map.json` beside the archives, where there is one.
  public init(
    _ url: URL, name: String? = nil, labelMap: URL? = nil, classes: [ObjectClass]? = nil, faults: FaultLog
  ) throws(DatasetError) {
    (self.name, self.faults) = (name ?? url.relativePath, faults)
    let files = url.isFolder ? try Self.archives(in: url) : [url]
    var shards: [TarIndex] = []
    var samples: [Sample] = []
    for file in files {
      let shard = try TarIndex(file, faults: faults)
      samples += try Self.samples(of: shard, number: shards.count, faults)
      shards.append(shard)
    }
    (self.shards, self.samples) = (shards, samples)
    let beside = (url.isFolder ? url : url.deletingLastPathComponent()).appending(path: Self.labelMapName)
    let isBeside = FileManager.default.fileExists(atPath: beside.path)
    list = try LabelMap.list(classes, orIn: labelMap ?? (isBeside ? beside : nil), firstID: 0, of: url)
  }

  public var format: DatasetDescription.Format? { .webdataset }
  public var classes: [ObjectClass] { list.classes }
  public var count: Int { samples.count }

  public func record(at index: Int) throws -> Record {
    let sample = samples[index]
    let file = shards[sample.shard].file
    let error = { DatasetError(file: file.url, place: "sample \(sample.key.quoted)", ($0 as Fault).reason) }
    do {
      guard let picture = sample.picture else { throw Fault("it has no picture") }
      let json = try sample.json.map { range throws(Fault) in
        guard case .object(let object) = try JSONValue(file.bytes(in: range)) else {
          throw Fault("its json is not an object")
        }
        return object
      }
      let annotation = CaptionRecord(object: json ?? JSONObject())
      let size = try annotation.size
      var record = Record(
        id: sample.key, picture: .slice(of: file.url, offset: picture.lowerBound, count: picture.count),
        size: size,
        text: .classes, objects: [])
      let note = { try faults.note(error($0)) }
      if let json, json["detection"] != nil || json["grounding"] != nil {
        (record.text, record.objects) = try ODVGRecord(object: json, classes: list).content(
          in: size, note: note)
      } else {
        let caption = try caption(of: sample) ?? annotation.object.string("caption")
        record.text = .caption(caption)
        record.objects = try annotation.objects(of: caption, in: size, note: note)
      }
      return record
    } catch let fault as Fault { throw error(fault) }
  }

  public func size(at index: Int) -> Record.Size? {
    guard let range = samples[index].json else { return nil }
    let json = try? JSONValue(shards[samples[index].shard].file.bytes(in: range))
    return json.flatMap { try? CaptionRecord(object: $0.asObject).size }
  }

  private func caption(of sample: Sample) throws(Fault) -> String? {
    guard let range = sample.caption else { return nil }
    guard let text = String(validating: shards[sample.shard].file.bytes(in: range), as: UTF8.self) else {
      throw Fault("its caption is not UTF-8 text")
    }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func samples(
    of shard: TarIndex, number: Int, _ faults: FaultLog
  ) throws(DatasetError) -> [Sample] {
    var samples: [Sample] = []
    for member in shard.members {
      let folder = member.name.lastIndex(of: "/").map { member.name[...$0] } ?? ""
      let base = member.name.dropFirst(folder.count)
      guard let dot = base.firstIndex(of: "."), dot > base.startIndex else { continue }
      let key = String(folder + base[..<dot])
      let type = base[dot...].split(separator: ".").last?.lowercased() ?? ""
      if samples.last?.key != key { samples.append(Sample(shard: number, key: key)) }
      let last = samples.count - 1
      let part: WritableKeyPath<Sample, Range<Int>?>
      switch type {
      case "json": part = \.json
      case "txt", "caption": part = \.caption
      case _ where pictureTypes.contains(type): part = \.picture
      // Other kinds of data, for other networks.
      default: continue
      }
      guard samples[last][keyPath: part] == nil else {
        try faults.note(
          DatasetError(
            file: shard.file.url, place: "sample \(key.quoted)",
            "the member \(member.name.quoted) is one too many of its kind"))
        continue
      }
      samples[last][keyPath: part] = member.range
    }
    return samples
  }

  private static func archives(in folder: URL) throws(DatasetError) -> [URL] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
      throw DatasetError(file: folder, "the folder cannot be read")
    }
    let archives = names.filter { $0.hasSuffix(".tar") && !$0.hasPrefix(".") }.sorted()
    guard !archives.isEmpty else { throw DatasetError(file: folder, "it holds no .tar file") }
    return archives.map { folder.appending(path: $0) }
  }
}
