import CArchive

/// Where the data of a member of an archive are.
package enum ArchiveMember {
  /// In the file as they are, at these bytes.
  case stored(Range<Int>)
  /// In several pieces, or compressed.
  case scattered

  /// The member whose header was read last; nil where its data are damaged or end early.
  ///
  /// - Parameter contents: the whole archive, which libarchive reads from memory: it hands out data as pointers into
  ///   that, without a copy
  package init?(current archive: OpaquePointer, in contents: UnsafeRawBufferPointer) {
    var range = 0..<0
    while true {
      var data: UnsafeRawPointer?
      var size = 0
      var position: la_int64_t = 0
      let status = archive_read_data_block(archive, &data, &size, &position)
      if status == ARCHIVE_EOF {
        self = .stored(range)
        return
      }
      guard status == ARCHIVE_OK, let start = contents.baseAddress else { return nil }
      guard let data, size > 0 else { continue }
      guard data >= start, data + size <= start + contents.count,
        range.isEmpty || data == start + range.upperBound
      else {
        self = .scattered
        return
      }
      range = (range.isEmpty ? data - start : range.lowerBound)..<(data - start + size)
    }
  }
}
