import LabelStore

/// A project that is begun, or what is to change of one.
struct ProjectBody: JSONBody {
  static let members = ["name", "labels", "caption", "threshold"]

  let name: String?
  let labels: [String]?
  let caption: String?
  let threshold: Double?

  var settings: ProjectSettings {
    ProjectSettings(name: name, labels: labels, caption: caption, threshold: threshold)
  }
}

/// The boxes that a picture is to have.
struct BoxesBody: JSONBody {
  static let members = CodingKeys.allCases.map(\.rawValue)

  enum CodingKeys: String, CodingKey, CaseIterable { case revision, reviewed, boxes }

  let revision: Int
  let isReviewed: Bool
  let boxes: [LabelledBox]

  init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: CodingKeys.self)
    // A fraction would be told as broken JSON.
    guard let revision = Int(exactly: try object.decode(Double.self, forKey: .revision)) else {
      throw APIError(.invalidField, "The field 'revision' must be a whole number.")
    }
    self.revision = revision
    isReviewed = try object.decode(Bool.self, forKey: .reviewed)
    boxes = try object.decode([KnownMembers<BoxBody>].self, forKey: .boxes).map(\.body.box)
  }
}

private struct BoxBody: JSONBody {
  static let members = CodingKeys.allCases.map(\.rawValue)

  enum CodingKeys: String, CodingKey, CaseIterable { case label, bbox, score }

  let box: LabelledBox

  init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: CodingKeys.self)
    let sides = try object.decode([Double].self, forKey: .bbox)
    guard sides.count == 4 else {
      throw APIError(.invalidField, "A box's 'bbox' must be x, y, width and height.")
    }
    box = LabelledBox(
      label: try object.decode(String.self, forKey: .label), x: sides[0], y: sides[1], width: sides[2],
      height: sides[3], score: try object.decodeIfPresent(Double.self, forKey: .score))
  }
}

/// How the network is to go through a project.
struct DetectingBody: JSONBody {
  static let members = ["again"]

  /// Whether it also looks at pictures that it has seen and nobody has reviewed.
  let again: Bool?
}

// MARK: Answers

struct ProjectsAnswer: Encodable {
  let projects: [LabelProject]
}

/// A part of a project's pictures.
struct PicturesAnswer: Encodable {
  let pictures: [LabelledPicture]
  /// What to ask for next with `after`; nil at the end.
  let next: Int?
}

/// A picture or an error for each file, in their order.
struct AddedPicturesAnswer: Encodable {
  let results: [Element]

  enum Element: Encodable {
    case added(LabelledPicture)
    case failed(APIError)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .added(let picture): try picture.encode(to: encoder)
      case .failed(let error): try ErrorBody(error).encode(to: encoder)
      }
    }
  }
}
