import Checkpoints
import Foundation

/// A text file that is mapped into memory.
struct AnnotationFile: Sendable {
  let mapped: MappedFile
  /// Where the text begins: behind the mark that some editors put before UTF-8.
  let start: Int

  var url: URL { mapped.url }
  var count: Int { mapped.count }
  /// Valid as long as this file is held.
  var bytes: UnsafeRawBufferPointer { mapped.bytes(in: 0..<mapped.count) }

  init(_ url: URL) throws(DatasetError) {
    do { mapped = try MappedFile(url) } catch {
      throw DatasetError(file: url, (error as? CheckpointError)?.reason ?? "\(error)")
    }
    let head = mapped.bytes(in: 0..<min(4, mapped.count))
    guard !head.isEmpty else { throw DatasetError(file: url, "it is empty") }
    // Text of any language has a zero in its first characters in UTF-16 and UTF-32: those of JSON are ASCII.
    guard !head.starts(with: [0xFF, 0xFE]), !head.starts(with: [0xFE, 0xFF]), !head.contains(0) else {
      throw DatasetError(
        file: url, "it is not UTF-8 but UTF-16 or another encoding; convert it, say with iconv")
    }
    start = head.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    guard start < mapped.count else { throw DatasetError(file: url, "it is empty") }
  }

  /// Scans the file, which is kept meanwhile, from an offset on.
  func scan<Result>(
    at offset: Int, _ body: (inout JSONScanner) throws(Fault) -> Result
  ) throws(Fault) -> Result {
    defer { withExtendedLifetime(mapped) {} }
    var scanner = JSONScanner(bytes, at: offset)
    return try body(&scanner)
  }

  /// All of a small file.
  var data: Data { withExtendedLifetime(mapped) { Data(bytes[start...]) } }

  func text() throws(DatasetError) -> String {
    guard let text = String(validating: data, as: UTF8.self) else {
      throw error(nil, Fault("it is not UTF-8 text"))
    }
    return text
  }

  func error(_ place: String?, _ fault: Fault) -> DatasetError {
    DatasetError(file: url, place: place, fault.reason)
  }

  /// A fault of the file's structure, with its byte and line, both from 1.
  func error(structure fault: Fault) -> DatasetError {
    guard let byte = fault.byte else { return DatasetError(file: url, fault.reason) }
    let line = 1 + bytes[..<min(byte, count)].count { $0 == 0x0A }
    return DatasetError(file: url, place: "line \(line), byte \(byte + 1)", "not valid JSON: \(fault.reason)")
  }
}
