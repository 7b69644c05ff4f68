/// The fields of a request for detections, whichever way it is encoded. Parsing and the description of the interface
/// both follow from this list.
enum RequestField: String, CaseIterable, CodingKey {
  case picture
  case pictures
  case classes
  case prompt
  case caption
  case threshold
  case maximumDetections = "max_detections"
  case format

  /// What says what to look for: exactly one of them is given.
  static let prompts: [RequestField] = [.classes, .prompt, .caption]

  /// Fields whose values are pictures.
  var isPicture: Bool { self == .picture || self == .pictures }

  var meaning: String {
    switch self {
    case .picture: "A JPEG, PNG, WebP, TIFF, GIF or BMP file."
    case .pictures: "JPEG, PNG, WebP, TIFF, GIF or BMP files."
    case .classes: "Names to look for: a list, or one text with commas between them."
    case .prompt: "The prompt as the network gets it; what stands between full stops is looked for."
    case .caption:
      "A sentence. Its noun phrases are looked for, or those that are marked: '[a woman] next to [a flag]'."
    case .threshold: "Detections with no higher score are not reported."
    case .maximumDetections: "The most detections of one picture."
    case .format: "What comes back: detections as JSON, or the picture with them drawn on it."
    }
  }
}

/// What comes back.
enum OutputFormat: String, CaseIterable, Decodable, Sendable {
  case json, png, jpeg

  var mediaType: String {
    switch self {
    case .json: "application/json"
    case .png: "image/png"
    case .jpeg: "image/jpeg"
    }
  }
}
