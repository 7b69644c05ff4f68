import Checkpoints
import Foundation

/// The folder that a data set is labelled into, by one or several processes, at once or in several goes.
///
/// While samples are labelled it holds `labelling.json`, which tells what is done here, and a journal of each process.
/// Who finds that the last sample is done writes the result from the journals, in the order of the data set, then
/// `statistics.json`, and removes the journals. Nothing is lost or done twice wherever a process is killed.
public struct LabellingFolder: Sendable {
  public let url: URL
  private let count: Int
  private let writing: Writing

  /// What is written in the end.
  public struct Writing: Sendable {
    public var format: WrittenFormat
    public var pictures: PictureNames
    public var classes: [ObjectClass]
    /// Name of the teacher.
    public var model: String
    public var keepsEmptyPictures: Bool

    public init(
      format: WrittenFormat, pictures: PictureNames, classes: [ObjectClass], model: String,
      keepsEmptyPictures: Bool
    ) {
      (self.format, self.pictures, self.classes) = (format, pictures, classes)
      (self.model, self.keepsEmptyPictures) = (model, keepsEmptyPictures)
    }
  }

  /// Begins a labelling, or goes on with one.
  ///
  /// - Parameters:
  ///   - count: of samples
  ///   - settings: everything that the result depends on, under the names that the user knows it by
  /// - Throws: `DatasetError` where the folder holds something else, or was begun with other settings.
  public init(_ url: URL, count: Int, settings: [String: String], writing: Writing) throws {
    (self.url, self.count, self.writing) = (url, count, writing)
    let file = url.appending(path: "labelling.json")
    if FileManager.default.fileExists(atPath: file.path) {
      if try !isSame(settings, as: file) { try write(settings, to: file) }
    } else {
      // Another process may be beginning the same at this moment.
      let there = try? FileManager.default.contentsOfDirectory(atPath: url.path).filter { name in
        !name.hasPrefix(".") && ![file, journals].map(\.lastPathComponent).contains(name)
      }
      guard there?.isEmpty ?? !FileManager.default.fileExists(atPath: url.path) else {
        throw DatasetError(
          file: url,
          "it is there already and holds no labelling; name a folder that is not, or that is empty")
      }
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      try write(settings, to: file)
    }
    guard !isFinished else { return }
    try FileManager.default.createDirectory(at: journals, withIntermediateDirectories: true)
  }

  /// The file or folder of the result.
  public var result: URL {
    switch writing.format {
    case .coco, .mdetr: url.appending(path: "annotations.json")
    case .odvg: url.appending(path: "annotations.jsonl")
    case .labelStudio: url.appending(path: "tasks.json")
    case .voc, .yolo, .tsv, .webdataset: url.appending(path: writing.format.rawValue)
    }
  }

  /// Where pictures are copied to, if they are.
  public static func copies(in url: URL) -> URL { url.appending(path: "images") }

  public var isFinished: Bool { FileManager.default.fileExists(atPath: statisticsFile.path) }

  public var counter: JournalCounter { JournalCounter(journals) }

  var journals: URL { url.appending(path: "journal") }

  private var statisticsFile: URL { url.appending(path: "statistics.json") }

  /// Whether the labelling was begun with these settings. Others may take their place while nothing is done yet.
  private func isSame(_ settings: [String: String], as file: URL) throws -> Bool {
    guard let begun = try? JSONDecoder().decode([String: String].self, from: Data(contentsOf: file)) else {
      throw DatasetError(file: file, "it does not tell what was begun here")
    }
    let names = Set(begun.keys).union(settings.keys).sorted().filter { begun[$0] != settings[$0] }
    guard !names.isEmpty else { return true }
    guard isFinished || counter.count() > 0 else { return false }
    let differences = names.map { name in
      "\(name) was \(begun[name] ?? "not given"), is \(settings[name] ?? "not given")"
    }
    throw DatasetError(
      file: url,
      "it was begun with other settings (\(differences.joined(separator: "; "))); name another folder")
  }

  private func write(_ settings: [String: String], to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try (encoder.encode(settings) + [0x0A]).write(to: file, options: .atomic)
  }

  // MARK: The result

  /// Writes the result if all samples are done and nobody else has.
  ///
  /// - Parameter written: called with every record of the result and its position in the data set.
  /// - Returns: nil while samples of other processes are missing, or if the result is there.
  public func finish(
    _ dataset: any GroundingDataset, after run: LabellingStatistics.LastRun,
    written: (Int, Record) throws -> Void = { _, _ in }
  ) throws -> LabellingStatistics? {
    // Waits for another process that is about to write; without the folder, one has.
    let lock = open(journals.path, O_RDONLY | O_CLOEXEC)
    guard lock >= 0 else { return nil }
    defer { close(lock) }
    flock(lock, LOCK_EX)
    guard !isFinished else {
      try? FileManager.default.removeItem(at: journals)
      return nil
    }
    let index = try JournalIndex(journals, count: count)
    guard index.isComplete else { return nil }
    try removeRemains()
    var statistics = LabellingStatistics(run)
    let writer = try writing.format.writer(
      to: result, classes: writing.classes, pictures: writing.pictures, model: writing.model)
    var names = UniqueNames()
    for position in 0..<count {
      let entry = try index.entry(at: position)
      statistics.add(entry)
      guard entry.failure == nil else { continue }
      guard !entry.objects.isEmpty || writing.keepsEmptyPictures else { continue }
      let record = try self.record(entry, of: dataset, &names)
      try writer.write(record)
      try written(position, record)
      statistics.pictures.written += 1
    }
    try writer.finish()
    try statistics.json.write(to: statisticsFile, options: .atomic)
    try FileManager.default.removeItem(at: journals)
    return statistics
  }

  private func record(
    _ entry: LabelEntry, of dataset: any GroundingDataset, _ names: inout UniqueNames
  ) throws -> Record {
    var record = try dataset.record(at: entry.index)
    guard record.id == entry.id else {
      throw record.unwritable("record \(entry.index + 1) was \(entry.id.quoted) when it was labelled")
    }
    (record.size, record.objects) = (entry.size, entry.objects)
    if !writing.classes.isEmpty { record.text = .classes }
    switch writing.format {
    // Readers expect pictures to be numbered.
    case .coco, .mdetr: record.id = String(entry.index + 1)
    default: record.id = names.unique(record.id)
    }
    return record
  }

  /// What a process that was killed while it wrote the result has left.
  private func removeRemains() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: url.path)
    where name.hasPrefix(".") && name.hasSuffix(".tmp") {
      try FileManager.default.removeItem(at: url.appending(path: name))
    }
    var remains = [result]
    if case .copied(let folder) = writing.pictures { remains.append(folder) }
    for url in remains where FileManager.default.fileExists(atPath: url.path) {
      try FileManager.default.removeItem(at: url)
    }
  }
}

/// Ids that become names of files: archives in one folder may use the same ones.
private struct UniqueNames {
  /// Hashes, since there may be many millions; that two are equal by chance does no harm.
  private var taken: Set<UInt64> = []

  mutating func unique(_ name: String) -> String {
    var result = name
    var number = 2
    while !taken.insert(Fingerprint(result).value).inserted {
      result = "\(name)-\(number)"
      number += 1
    }
    return result
  }
}
