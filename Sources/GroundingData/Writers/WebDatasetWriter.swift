import CArchive
import Foundation

/// Tar archives of pictures, each followed by its JSON: captions in the form of the authors' caption data, detection
/// data in ODVG's.
final class WebDatasetWriter: DatasetWriter {
  private(set) var omittedObjects = 0
  private let folder: OutputFolder
  private let classes: [ObjectClass]
  private var shard: TarFile?
  private var shardCount = 0

  /// Bytes after which another archive is begun, about what is convenient to copy.
  private static let shardSize = 1 << 30

  init(_ url: URL, classes: [ObjectClass]) throws {
    self.classes = classes
    folder = try OutputFolder(url)
  }

  func write(_ record: Record) throws {
    let size = try record.knownSize()
    let bytes = try record.picture.bytes()
    let json: String
    if case .caption(let caption) = record.text {
      json = CaptionText.object(of: record, caption, size)
    } else {
      let content = try ODVGText.content(of: record, classes: classes)
      json = JSONText.object([("height", "\(size.height)"), ("width", "\(size.width)"), content])
    }
    if let full = shard, full.count + bytes.count > Self.shardSize {
      try full.close()
      shard = nil
    }
    let shard = try shard ?? nextShard()
    try shard.add("\(record.fileStem).\(PictureNames.type(of: bytes))", bytes)
    try shard.add("\(record.fileStem).json", Data(json.utf8))
    omittedObjects += record.objects.count { $0.isCrowd }
  }

  func finish() throws {
    try (shard ?? nextShard()).close()
    if !classes.isEmpty {
      let map = ODVGText.labelMap(classes) + "\n"
      try Data(map.utf8).write(to: folder.url.appending(path: WebDataset.labelMapName))
    }
    try folder.commit()
  }

  private func nextShard() throws -> TarFile {
    let file = try TarFile(folder.url.appending(path: String(format: "%06d.tar", shardCount)))
    shardCount += 1
    shard = file
    return file
  }
}

/// A tar archive that is being written.
private final class TarFile {
  private let archive: OpaquePointer
  private let url: URL
  private(set) var count = 0

  init(_ url: URL) throws {
    guard let archive = archive_write_new() else {
      throw DatasetError(file: url, "there is no memory to write it")
    }
    (self.archive, self.url) = (archive, url)
    archive_write_set_format_pax_restricted(archive)
    guard archive_write_open_filename(archive, url.path) == ARCHIVE_OK else { throw failure() }
  }

  deinit { archive_write_free(archive) }

  func add(_ name: String, _ data: Data) throws {
    let entry = archive_entry_new()
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_size(entry, Int64(data.count))
    archive_entry_set_filetype(entry, UInt32(0o100000))
    archive_entry_set_perm(entry, 0o644)
    guard archive_write_header(archive, entry) == ARCHIVE_OK else { throw failure() }
    let written = data.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
    guard written == data.count else { throw failure() }
    count += data.count
  }

  func close() throws {
    guard archive_write_close(archive) == ARCHIVE_OK else { throw failure() }
  }

  private func failure() -> DatasetError {
    let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
    return DatasetError(file: url, "it cannot be written (\(text))")
  }
}
