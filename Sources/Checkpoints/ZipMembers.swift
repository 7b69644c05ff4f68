import CArchive

extension MappedFile {
  /// Name and place of every member of a zip archive.
  ///
  /// libarchive reads the archive from the map, and so hands out the data of a stored (not compressed)
  /// member as a pointer into it: its place is known without a copy. The data of a compressed member are
  /// not read; PyTorch writes none in checkpoints, and nothing needs to bound what they might expand to.
  func zipMembers(verifyingChecksums: Bool) throws -> [String: ArchiveMember] {
    guard let archive = archive_read_new() else {
      throw failure(.inaccessible, "there is no memory to read the archive")
    }
    defer { archive_read_free(archive) }
    func damaged() -> CheckpointError {
      let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
      return failure(.malformed, "the zip archive is damaged (\(text))")
    }
    archive_read_support_format_zip_seekable(archive)
    if !verifyingChecksums { archive_read_set_options(archive, "zip:ignorecrc32") }
    let contents = bytes(in: 0..<count)
    guard archive_read_open_memory(archive, contents.baseAddress, contents.count) == ARCHIVE_OK else {
      throw damaged()
    }
    var members: [String: ArchiveMember] = [:]
    while true {
      var header: OpaquePointer?
      let status = archive_read_next_header(archive, &header)
      if status == ARCHIVE_EOF { return members }
      // A warning concerns the encoding of a name, which is of no importance here.
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let header else { throw damaged() }
      guard let text = archive_entry_pathname_utf8(header) ?? archive_entry_pathname(header) else {
        throw failure(.malformed, "a member of the zip archive has no readable name")
      }
      let name = String(cString: text)
      guard let member = ArchiveMember(current: archive, in: contents) else { throw damaged() }
      if case .stored(let range) = member, range.count != Int(archive_entry_size(header)) {
        throw failure(.malformed, "the member \(name.quoted) does not have the size that the archive states")
      }
      guard members.updateValue(member, forKey: name) == nil else {
        throw failure(.malformed, "the zip archive holds \(name.quoted) twice")
      }
    }
  }
}
