import Foundation
import HTTPTypes
import Hummingbird
import LabelStore
import NIOCore

/// Answers what is asked of the labels.
struct LabellingService: Sendable {
  let store: LabelStore
  let detecting: LabelDetection
  let service: DetectionService
  let held: HeldBytes

  /// Most pictures of one list.
  static let mostListed = 500
  /// Most bytes of JSON about labels: a thousand boxes take a tenth of it.
  private static let jsonBytes = 1 << 20

  /// - Parameter numbers: those in the path
  /// - Throws: `APIError`, `LabelStoreError`, or an error of the disk.
  func answer(
    _ request: Request, _ operation: Operation, _ numbers: [String: Int]
  ) async throws -> Response {
    try SameOrigin.check(request.head)
    let query = try LabelQueryValues(request.uri.query ?? "", known: operation.query)
    let (project, picture) = (numbers["project"] ?? 0, numbers["picture"] ?? 0)
    switch operation.id {
    case .listProjects: return try Response(json: ProjectsAnswer(projects: await store.projects()))
    case .createProject:
      let body = try await body(ProjectBody.self, of: request)
      return try await Response(json: store.addProject(body.settings))
    case .showProject: return try await Response(json: store.project(project))
    case .changeProject:
      let body = try await body(ProjectBody.self, of: request)
      return try await Response(json: store.changeProject(project, body.settings))
    case .deleteProject:
      let deleted = try await store.deleteProject(project)
      await detecting.forget(project)
      return try Response(json: deleted)
    case .listPictures:
      let limit = try query.number(.limit, in: 1...Self.mostListed) ?? 100
      let pictures = try await store.pictures(
        of: project, after: query.number(.after, in: 0...Int.max) ?? 0, limit: limit)
      return try Response(
        json: PicturesAnswer(
          pictures: pictures, next: pictures.count == limit ? pictures.last?.id : nil))
    case .addPictures: return try await Response(json: addPictures(request, to: project))
    case .showPicture:
      let file = try await store.file(of: picture, of: project)
      return try versioned(request, file.hash, file.type) {
        try StreamedFile.body(FileHandle(forReadingFrom: file.url))
      }
    case .deletePicture: return try await Response(json: store.deletePicture(picture, of: project))
    case .showThumbnail:
      let (data, hash) = try await store.thumbnail(of: picture, of: project)
      return try versioned(request, hash, "image/jpeg") { .init(byteBuffer: ByteBuffer(bytes: data)) }
    case .showBoxes: return try await Response(json: store.boxes(of: picture, of: project))
    case .setBoxes:
      let body = try await body(BoxesBody.self, of: request)
      return try await Response(
        json: store.setBoxes(
          body.boxes, isReviewed: body.isReviewed, of: picture, of: project, revision: body.revision))
    case .startDetecting:
      let body = try await body(DetectingBody.self, of: request)
      return try await Response(json: detecting.start(project, again: body.again ?? false))
    case .showDetecting: return try await Response(json: detecting.state(of: project))
    case .stopDetecting:
      await detecting.stop(project)
      return try await Response(json: detecting.state(of: project))
    case .exportLabels: return try await export(project, query)
    default: throw APIError(.notFound, "There is nothing at this path.")
    }
  }

  // MARK: Bodies

  private func body<Body: JSONBody>(_ type: Body.Type, of request: Request) async throws -> Body {
    try requireType("application/json", request)
    var limits = service.limits
    limits.bodyBytes = min(limits.bodyBytes, Self.jsonBytes)
    let body = try await HeldBody(of: request, in: held, limits: limits)
    return try await service.workers.runIfActive { try Body(json: body.data) }
  }

  @discardableResult
  private func requireType(_ name: String, _ request: Request) throws(APIError) -> MediaType {
    guard let type = request.headers[.contentType].flatMap(MediaType.init), type.name == name else {
      throw APIError(.unsupportedMediaType, "The Content-Type must be \(name).")
    }
    return type
  }

  private func addPictures(_ request: Request, to project: Int) async throws -> AddedPicturesAnswer {
    let type = try requireType("multipart/form-data", request)
    guard let boundary = type.parameters["boundary"] else {
      throw APIError(.malformedRequest, "The Content-Type of the multipart body names no boundary.")
    }
    _ = try await store.project(project)
    let body = try await HeldBody(of: request, in: held, limits: service.limits)
    defer { withExtendedLifetime(body) {} }
    let parts = try await service.workers.runIfActive {
      try MultipartForm.parts(body.data, boundary: boundary)
    }
    if let other = parts.first(where: { $0.name != "pictures" }) {
      throw APIError(
        .invalidField, "There is no field '\(other.name.prefix(40))' here; known is pictures.")
    }
    guard (1...service.limits.batchPictures).contains(parts.count) else {
      throw APIError(
        .invalidField, "The field 'pictures' must hold 1 to \(service.limits.batchPictures) files.")
    }
    var results: [AddedPicturesAnswer.Element] = []
    for part in parts {
      do {
        let picture = try await service.workers.runIfActive { [limits = service.decodingLimits] in
          try NewPicture(part.value, name: part.fileName ?? "", limits: limits)
        }
        results.append(.added(try await store.addPicture(picture, to: project)))
      } catch {
        let failure = APIError(error)
        // A disk that fails is no fault of the file's.
        guard failure.code != .failed else { throw error }
        results.append(.failed(failure))
      }
    }
    return AddedPicturesAnswer(results: results)
  }

  // MARK: Files

  /// A file, unless the client has it already.
  private func versioned(
    _ request: Request, _ hash: String, _ type: String, _ body: () throws -> ResponseBody
  ) throws -> Response {
    let tag = "\"\(hash.prefix(32))\""
    let headers: HTTPFields = [
      .contentType: type, .eTag: tag, .cacheControl: "private, no-cache",
      .crossOriginResourcePolicy: "same-origin",
    ]
    if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
    return Response(status: .ok, headers: headers, body: try body())
  }

  private func export(_ project: Int, _ query: LabelQueryValues) async throws -> Response {
    guard let format = query[.format].flatMap(ExportFormat.init) else {
      let names = ExportFormat.allCases.map(\.rawValue).joined(separator: " or ")
      throw APIError(.invalidField, "The field 'format' must be \(names).")
    }
    let isReviewed = try query.flag(.reviewed)
    let file = try await service.workers.runIfActive {
      try store.export(project, as: format, isReviewed: isReviewed)
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: format.type,
        .contentDisposition: "attachment; filename=\"labels-\(project).\(format.suffix)\"",
      ], body: try StreamedFile.body(file))
  }
}

/// The fields of an address, each once.
struct LabelQueryValues {
  private var values: [String: String] = [:]

  /// - Throws: `APIError` for a field that is not known or given twice.
  init(_ query: String, known: [Operation.LabelQuery]) throws(APIError) {
    for (name, value) in try QueryString.items(query) {
      guard known.contains(where: { $0.rawValue == name }) else {
        throw APIError(.invalidField, "There is no field '\(name.prefix(40))' here.")
      }
      guard values[name] == nil else { throw APIError(.invalidField, "The field '\(name)' is given twice.") }
      values[name] = String(decoding: value, as: UTF8.self)
    }
  }

  subscript(_ field: Operation.LabelQuery) -> String? { values[field.rawValue] }

  func number(_ field: Operation.LabelQuery, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let text = self[field] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw APIError(
        .invalidField,
        "The field '\(field.rawValue)' must be a whole number from \(range.lowerBound)"
          + (range.upperBound == .max ? "." : " to \(range.upperBound)."))
    }
    return number
  }

  func flag(_ field: Operation.LabelQuery) throws(APIError) -> Bool {
    switch self[field] {
    case nil, "false": return false
    case "true": return true
    default: throw APIError(.invalidField, "The field '\(field.rawValue)' must be true or false.")
    }
  }
}
