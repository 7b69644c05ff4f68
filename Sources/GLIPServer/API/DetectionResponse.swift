import GLIP

/// What was found on one picture.
struct PictureResult: Encodable, Sendable {
  /// Pixels of the picture, upright.
  let width: Int
  let height: Int
  /// Best first.
  let detections: [FoundObject]
}

/// One detection, with COCO's names where it has some.
struct FoundObject: Encodable, Sendable {
  let label: String
  /// Position in the class list or among the caption's phrases, from 1.
  let categoryID: Int
  /// Begin and end of the label's words in the prompt, in Unicode scalars.
  let span: [Int]
  let score: Float
  /// x, y, width, height in pixels of the picture.
  let bbox: [Float]

  private enum CodingKeys: String, CodingKey {
    case label, span, score, bbox
    case categoryID = "category_id"
  }

  init(_ detection: Detection) {
    label = detection.label
    categoryID = detection.labelIndex + 1
    span = [detection.span.lowerBound, detection.span.upperBound]
    score = Float(detection.score)
    bbox = [detection.box.x0, detection.box.y0, detection.box.width, detection.box.height].map(Float.init)
  }
}

/// The answer to a request for one picture.
struct DetectionResponse: Encodable {
  let model: String
  /// The text that spans refer to.
  let prompt: String
  let width: Int
  let height: Int
  let detections: [FoundObject]
}

/// The answer to a request for several pictures: a result or an error for each, in their order.
struct BatchResponse: Encodable {
  let model: String
  let prompt: String
  let results: [Element]

  enum Element: Encodable, Sendable {
    case found(PictureResult)
    case failed(APIError)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .found(let result): try result.encode(to: encoder)
      case .failed(let error): try ErrorBody(error).encode(to: encoder)
      }
    }
  }
}

/// The networks that the server runs.
struct ModelsResponse: Encodable {
  struct Model: Encodable {
    let name: String
    let precision: String
    let device: String
    /// Tokens of one text; longer class lists are split over several.
    let promptTokens: Int
    /// Pixels at which the network sees pictures: of the shorter side, and at most of the longer one.
    let minimumSide: Int
    let maximumSide: Int?
    /// The score above which detections are reported unless a request says otherwise.
    let threshold: Double

    private enum CodingKeys: String, CodingKey {
      case name, precision, device, threshold
      case promptTokens = "prompt_tokens"
      case minimumSide = "minimum_side"
      case maximumSide = "maximum_side"
    }
  }

  let models: [Model]
}

/// Whether the server lives, or takes requests.
struct HealthResponse: Encodable {
  let status: String
}
