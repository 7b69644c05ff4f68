import CArchive
import Foundation
import GroundingData

/// YOLO's texts in a ZIP archive: `labels/NAME.txt` for each picture, and `data.yaml`.
final class YOLOArchive: DatasetWriter {
  let omittedObjects = 0
  private let archive: OpaquePointer
  private let url: URL
  private let classes: [ObjectClass]

  init(_ url: URL, classes: [ObjectClass]) throws {
    guard let archive = archive_write_new() else {
      throw DatasetError(file: url, "there is no memory to write it")
    }
    (self.archive, self.url, self.classes) = (archive, url, classes)
    archive_write_set_format_zip(archive)
    // Names of any script are marked as UTF-8.
    archive_write_set_options(archive, "hdrcharset=UTF-8")
    guard archive_write_open_filename(archive, url.path) == ARCHIVE_OK else { throw failure() }
  }

  deinit { archive_write_free(archive) }

  func write(_ record: Record) throws {
    try add(
      "labels/\(FileName(record.picture.name).stem).txt", YOLOText.objects(of: record, record.knownSize()))
  }

  func finish() throws {
    try add("data.yaml", YOLOText.configuration(classes))
    guard archive_write_close(archive) == ARCHIVE_OK else { throw failure() }
  }

  private func add(_ name: String, _ text: String) throws {
    let entry = archive_entry_new()
    defer { archive_entry_free(entry) }
    let data = Data(text.utf8)
    archive_entry_set_pathname_utf8(entry, name)
    archive_entry_set_size(entry, Int64(data.count))
    archive_entry_set_filetype(entry, UInt32(0o100000))
    archive_entry_set_perm(entry, 0o644)
    guard archive_write_header(archive, entry) == ARCHIVE_OK else { throw failure() }
    let written = data.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
    guard written == data.count else { throw failure() }
  }

  private func failure() -> DatasetError {
    let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
    return DatasetError(file: url, "it cannot be written (\(text))")
  }
}
