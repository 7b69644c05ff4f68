import CArchive
import Checkpoints
import Foundation

/// Names and places of the members of a tar archive.
///
/// libarchive reads the archive from the map, and so hands out a member's data as a pointer into it: its place is known
/// without its pages being read.
struct TarIndex: Sendable {
  struct Member: Sendable {
    let name: String
    let range: Range<Int>
  }

  let file: MappedFile
  private(set) var members: [Member] = []

  /// An archive that is damaged or ends early is read as far as it goes.
  init(_ url: URL, faults: FaultLog) throws(DatasetError) {
    do { file = try MappedFile(url) } catch {
      throw DatasetError(file: url, (error as? CheckpointError)?.reason ?? "\(error)")
    }
    let bytes = file.bytes(in: 0..<file.count)
    guard !bytes.isEmpty else { throw DatasetError(file: url, "it is empty") }
    guard !bytes.starts(with: [0x1F, 0x8B]), !bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else {
      throw DatasetError(
        file: url, "it is compressed, so that pictures cannot be read out of order; unpack it first")
    }
    guard let archive = archive_read_new() else {
      throw DatasetError(file: url, "there is no memory to read it")
    }
    defer { archive_read_free(archive) }
    func failed(_ place: String?) -> DatasetError {
      let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
      return DatasetError(file: url, place: place, "the tar archive is damaged (\(text))")
    }
    archive_read_support_format_tar(archive)
    guard archive_read_open_memory(archive, bytes.baseAddress, bytes.count) == ARCHIVE_OK else {
      throw failed(nil)
    }
    while true {
      var header: OpaquePointer?
      let status = archive_read_next_header(archive, &header)
      if status == ARCHIVE_EOF { return }
      let place = members.last.map { "behind the member \($0.name.quoted)" }
      // A warning concerns the encoding of a name, which is of no importance here.
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let header else {
        try faults.note(failed(place))
        return
      }
      guard let text = archive_entry_pathname_utf8(header) ?? archive_entry_pathname(header) else {
        try faults.note(DatasetError(file: url, place: place, "a member has no readable name"))
        continue
      }
      guard archive_entry_filetype(header) == mode_t(0o100000) else { continue }
      let name = String(cString: text)
      guard let member = ArchiveMember(current: archive, in: bytes) else {
        try faults.note(failed("member \(name.quoted)"))
        return
      }
      guard case .stored(let range) = member, range.count == Int(archive_entry_size(header)) else {
        try faults.note(
          DatasetError(file: url, place: "member \(name.quoted)", "it does not lie in one piece"))
        continue
      }
      members.append(Member(name: name, range: range))
    }
  }
}
