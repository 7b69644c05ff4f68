import Foundation

/// A part of a form.
struct FormPart {
  let name: String
  /// What the client calls the file that was chosen; never to be taken for a path.
  let fileName: String?
  let value: Data
}

/// The parts of a `multipart/form-data` body (RFC 7578), which lies in memory as a whole.
enum MultipartForm {
  /// Most parts, and most bytes of a part's header.
  private static let mostParts = 256
  private static let headerBytes = 4096

  /// The parts, in their order; the contents share the body's memory.
  ///
  /// - Parameter boundary: as the Content-Type gives it
  /// - Throws: `APIError.Code.malformedRequest` for anything that is not whole.
  static func parts(_ body: Data, boundary: String) throws(APIError) -> [FormPart] {
    guard (1...70).contains(boundary.utf8.count) else {
      throw malformed("its boundary does not have 1 to 70 characters")
    }
    // A delimiter begins a line; the first line of the body has nothing before it.
    let delimiter = Data("\r\n--\(boundary)".utf8)
    var position: Data.Index
    if body.starts(with: delimiter.dropFirst(2)) {
      position = body.startIndex + delimiter.count - 2
    } else if let first = find(delimiter, in: body, from: body.startIndex) {
      position = first + delimiter.count
    } else {
      throw malformed("its boundary does not occur")
    }
    var parts: [FormPart] = []
    while true {
      let rest = body[position...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      if rest.starts(with: "--".utf8) { return parts }
      guard rest.starts(with: "\r\n".utf8) else {
        throw malformed("a boundary is followed by something else")
      }
      guard parts.count < mostParts else { throw malformed("it has more than \(mostParts) parts") }
      guard let end = find(delimiter, in: body, from: rest.startIndex) else {
        throw malformed("it ends within a part")
      }
      parts.append(try part(body[rest.startIndex..<end]))
      position = end + delimiter.count
    }
  }

  /// - Parameter bytes: from the line break before the part's header to the end of its content.
  private static func part(_ bytes: Data) throws(APIError) -> FormPart {
    let head = bytes.prefix(headerBytes)
    guard let end = find(Data("\r\n\r\n".utf8), in: head, from: head.startIndex),
      let text = String(validating: bytes[..<end], as: UTF8.self)
    else { throw malformed("a part has no header, or too long a one") }
    for line in text.components(separatedBy: "\r\n") {
      guard let colon = line.firstIndex(of: ":"),
        line[..<colon].lowercased() == "content-disposition"
      else { continue }
      let fields = MediaType.split(String(line[line.index(after: colon)...]))
      // Browsers write names of any script as they are, and a quotation mark as %22.
      guard fields[0].lowercased() == "form-data",
        let parameters = MediaType.parameters(fields.dropFirst()), let name = parameters["name"]
      else { break }
      return FormPart(name: name, fileName: parameters["filename"], value: bytes[(end + 4)...])
    }
    throw malformed("a part has no name")
  }

  private static func find(_ pattern: Data, in data: Data, from start: Data.Index) -> Data.Index? {
    guard data.endIndex - start >= pattern.count else { return nil }
    let offset: Int? = data[start...].withUnsafeBytes { bytes in
      pattern.withUnsafeBytes { pattern in
        var from = 0
        let last = bytes.count - pattern.count
        while from <= last,
          let hit = memchr(bytes.baseAddress! + from, Int32(pattern[0]), last - from + 1)
        {
          from = bytes.baseAddress!.distance(to: UnsafeRawPointer(hit))
          if memcmp(hit, pattern.baseAddress!, pattern.count) == 0 { return from }
          from += 1
        }
        return nil
      }
    }
    return offset.map { start + $0 }
  }

  private static func malformed(_ reason: String) -> APIError {
    APIError(.malformedRequest, "The multipart body cannot be read: \(reason).")
  }
}
