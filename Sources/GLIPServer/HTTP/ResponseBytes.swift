import Foundation
import HTTPTypes
import NIOCore

/// Answers as they go over the wire.
enum ResponseBytes {
  static func json(_ value: some Encodable) throws -> ByteBuffer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return ByteBuffer(bytes: try encoder.encode(value))
  }

  /// Head and body of an error.
  static func error(_ error: APIError) -> (head: HTTPResponse, body: ByteBuffer) {
    // Two strings can always be encoded.
    let body = (try? json(ErrorBody(error))) ?? ByteBuffer()
    var fields = error.headers
    fields[.contentType] = OutputFormat.json.mediaType
    fields[.contentLength] = "\(body.readableBytes)"
    return (HTTPResponse(status: error.code.status, headerFields: fields), body)
  }
}
