import CArchive
import Foundation

extension DatasetFolder {
  /// Writes a tar archive of these members.
  func tar(_ path: String, _ members: [(name: String, data: Data)]) throws {
    let archive = archive_write_new()
    defer { archive_write_free(archive) }
    archive_write_set_format_ustar(archive)
    archive_write_open_filename(archive, file(path).path)
    for (name, data) in members {
      let entry = archive_entry_new()
      defer { archive_entry_free(entry) }
      archive_entry_set_pathname(entry, name)
      archive_entry_set_size(entry, Int64(data.count))
      archive_entry_set_filetype(entry, UInt32(0o100000))
      archive_entry_set_perm(entry, 0o644)
      archive_write_header(archive, entry)
      _ = data.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
    }
    archive_write_close(archive)
  }
}
