import Foundation
import HTTPTypes

/// How the body of a request for detections may be encoded.
enum DetectBody {
  static let multipart = "multipart/form-data"
  static let json = "application/json"
  /// The bytes of one picture; the other fields are in the query. The type is not looked at further, the bytes are.
  static let pictures = [
    "image/jpeg", "image/png", "image/webp", "image/tiff", "image/gif", "image/bmp",
    "application/octet-stream",
  ]

  /// The fields of a request.
  ///
  /// - Parameter operation: says which fields and types there are.
  static func fields(
    _ body: Data, header: HTTPFields, query: String?, of input: Operation.Input
  ) throws(APIError) -> RequestFields {
    let query = try QueryString.items(query ?? "")
    let type = header[.contentType].flatMap(MediaType.init)
    switch type?.name {
    case let name? where input.takesBytes && pictures.contains(name):
      var fields = try RequestFields(query, allowed: input.fields.filter { !$0.isPicture })
      fields.pictures = [body]
      return fields
    case multipart:
      try refuse(query)
      guard let boundary = type?.parameters["boundary"] else {
        throw APIError(.malformedRequest, "The Content-Type of the multipart body names no boundary.")
      }
      let parts = try MultipartForm.parts(body, boundary: boundary)
      return try RequestFields(parts.map { ($0.name, $0.value) }, allowed: input.fields)
    case json:
      try refuse(query)
      return try RequestFields(json: body, allowed: input.fields)
    default:
      throw APIError(
        .unsupportedMediaType,
        "The Content-Type must be " + (input.takesBytes ? "a picture's, " : "") + "\(multipart) or \(json).")
    }
  }

  private static func refuse(_ query: [(name: String, value: Data)]) throws(APIError) {
    guard !query.isEmpty else { return }
    throw APIError(
      .invalidField, "Fields belong into the body, and only beside a picture's bytes into the address.")
  }
}
