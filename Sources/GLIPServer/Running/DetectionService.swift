import Foundation
import GLIP
import NIOPosix
import Pictures

/// Answers the operations: from the bytes of a request to those of its answer, without HTTP.
struct DetectionService: Sendable {
  let detector: Detector
  let model: String
  let options: DetectionOptions
  let limits: ServiceLimits
  let queue: DetectionQueue
  /// Threads that parse bodies, decode and draw pictures. Their number bounds the memory this takes.
  let workers: NIOThreadPool

  /// A picture as the network gets it, and its size.
  struct Prepared: Sendable {
    let input: NetworkInput
    let width: Int
    let height: Int
  }

  /// A request that can be run, and the text of its prompt.
  struct Parsed: Sendable {
    let request: DetectRequest
    let prompt: String
    /// Where the bytes of the pictures are.
    let body: HeldBody
  }

  /// Reads and checks the fields of a body.
  func parse(
    _ body: HeldBody, _ fields: @escaping @Sendable (Data) throws -> RequestFields
  ) async throws -> Parsed {
    try await workers.runIfActive { [self] in
      let request = try DetectRequest(fields(body.data), defaults: options, limits: limits)
      let texts = try detector.validate(request.prompt, options: request.options)
      return Parsed(
        request: request, prompt: texts.map(\.text).joined(separator: detector.prompts.style.separator),
        body: body)
    }
  }

  // MARK: One picture

  func detect(_ parsed: Parsed, announcement: QueuePlace) async throws -> DetectionResponse {
    let request = parsed.request
    guard request.pictures.count == 1 else {
      throw APIError(.invalidField, "The field 'picture' is missing.")
    }
    let place = try queue.admit(1)
    defer { place.leave() }
    let deadline = ContinuousClock.now + limits.waitingTime
    let picture = try await prepare(request.pictures[0], name: "The picture", request.options)
    let found = try await queue.detect(
      [picture.input], request.prompt, request.options, deadline: deadline, announcement: announcement)
    return DetectionResponse(
      model: model, prompt: parsed.prompt, width: picture.width, height: picture.height,
      detections: found[0].map(FoundObject.init))
  }

  /// The picture with what was found on it. It is decoded once more: compressed, it could wait in less memory.
  func draw(_ response: DetectionResponse, _ request: DetectRequest) async throws -> Data {
    try await workers.runIfActive { [self] in
      let picture = try decode(request.pictures[0], name: "The picture")
      let annotations = response.detections.map { object in
        let box = object.bbox.map(Double.init)
        return Annotation(
          box: PixelBox(x0: box[0], y0: box[1], x1: box[0] + box[2], y1: box[1] + box[3]),
          label: object.label, score: Double(object.score), colorIndex: object.categoryID - 1)
      }
      return try picture.annotated(annotations).encoded(
        as: request.format == .png ? .png : .jpeg(quality: 90))
    }
  }

  // MARK: Several

  func detectBatch(_ parsed: Parsed, announcement: QueuePlace) async throws -> BatchResponse {
    let request = parsed.request
    guard (1...limits.batchPictures).contains(request.pictures.count) else {
      throw APIError(.invalidField, "The field 'pictures' must hold 1 to \(limits.batchPictures) pictures.")
    }
    let place = try queue.admit(request.pictures.count)
    defer { place.leave() }
    let deadline = ContinuousClock.now + limits.waitingTime
    var prepared: [Result<Prepared, APIError>] = []
    for (index, data) in request.pictures.enumerated() {
      do {
        prepared.append(.success(try await prepare(data, name: "Picture \(index + 1)", request.options)))
      } catch {
        prepared.append(.failure(APIError(error)))
      }
    }
    let inputs = prepared.compactMap { try? $0.get().input }
    var found =
      try await inputs.isEmpty
      ? []
      : queue.detect(
        inputs, request.prompt, request.options, deadline: deadline, announcement: announcement)
    found.reverse()
    let results = prepared.map { picture -> BatchResponse.Element in
      switch picture {
      case .failure(let error): .failed(error)
      case .success(let picture):
        .found(
          PictureResult(
            width: picture.width, height: picture.height,
            detections: (found.popLast() ?? []).map(FoundObject.init)))
      }
    }
    return BatchResponse(model: model, prompt: parsed.prompt, results: results)
  }

  // MARK: Pictures

  func prepare(_ data: Data, name: String, _ options: DetectionOptions) async throws -> Prepared {
    try await workers.runIfActive { [self] in
      let picture = try decode(data, name: name)
      return Prepared(
        input: try detector.prepare(picture, options: options), width: picture.width, height: picture.height)
    }
  }

  private func decode(_ data: Data, name: String) throws -> Picture {
    try Picture(data: data, name: name, limits: decodingLimits)
  }

  var decodingLimits: DecodingLimits {
    DecodingLimits(pixels: limits.picturePixels, side: limits.pictureSide, fileBytes: limits.bodyBytes)
  }

  // MARK: The network

  var models: ModelsResponse {
    let size = detector.resize(options)
    return ModelsResponse(models: [
      ModelsResponse.Model(
        name: model, precision: detector.precision.rawValue, device: detector.device.description,
        promptTokens: detector.prompts.maximumTokens, minimumSide: size.minimumSide,
        maximumSide: size.maximumSide, threshold: options.threshold)
    ])
  }
}
