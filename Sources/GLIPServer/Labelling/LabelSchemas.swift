import LabelStore

/// The schemas of what is sent and answered about labels.
struct LabelSchemas {
  let limits: ServiceLimits
  private let store = LabelLimits()

  init(limits: ServiceLimits) { self.limits = limits }

  /// The content of a request's body.
  func content(_ input: Operation.LabelInput) -> JSON {
    switch input {
    case .json(let schema): ["application/json": ["schema": Schemas.reference(schema)]]
    case .pictures:
      [
        "multipart/form-data": [
          "schema": [
            "type": "object", "additionalProperties": false, "required": ["pictures"],
            "properties": [
              "pictures": [
                "type": "array", "minItems": 1, "maxItems": .integer(limits.batchPictures),
                "items": ["type": "string", "format": "binary"],
                "description": "JPEG, PNG, WebP, GIF or BMP files; their names are kept.",
              ]
            ],
          ]
        ]
      ]
    }
  }

  /// What stands in an operation's address.
  static func parameters(of operation: Operation) -> [JSON] {
    operation.parameters.map { name in
      [
        "name": "\(name)", "in": "path", "required": true, "schema": ["type": "integer", "minimum": 0],
        "description": "The \(name)'s id.",
      ]
    }
      + operation.query.map { field in
        [
          "name": "\(field.rawValue)", "in": "query", "required": .bool(field == .format),
          "schema": schema(of: field), "description": "\(field.meaning)",
        ]
      }
  }

  private static func schema(of field: Operation.LabelQuery) -> JSON {
    switch field {
    case .after: ["type": "integer", "minimum": 0]
    case .limit: ["type": "integer", "minimum": 1, "maximum": .integer(LabellingService.mostListed)]
    case .format: ["type": "string", "enum": .array(ExportFormat.allCases.map { "\($0.rawValue)" })]
    case .reviewed: ["type": "boolean"]
    }
  }

  var all: [String: JSON] {
    [
      "NewProject": project(required: ["name"]),
      "ProjectChange": project(required: []),
      "Project": Schemas.object(
        settings.merging([
          "id": id, "created": ["type": "string", "format": "date-time"],
          "pictures": Schemas.object(
            ["new": count, "detected": count, "reviewed": count]),
        ]) { $1 }, optional: ["caption"]),
      "Projects": Schemas.object(["projects": list("Project")]),
      "Picture": Schemas.object([
        "id": id, "name": ["type": "string"], "width": count, "height": count, "bytes": count,
        "state": state, "revision": count, "boxes": count,
      ]),
      "Pictures": Schemas.object(["pictures": list("Picture"), "next": id], optional: ["next"]),
      "AddedPictures": Schemas.object([
        "results": [
          "type": "array",
          "items": ["oneOf": [Schemas.reference("Picture"), Schemas.reference("Error")]],
        ]
      ]),
      "Box": Schemas.object(
        [
          "label": name,
          "bbox": [
            "type": "array", "items": ["type": "number"], "minItems": 4, "maxItems": 4,
            "description": "x, y, width and height in pixels of the upright picture.",
          ],
          "score": [
            "type": "number", "minimum": 0, "maximum": 1,
            "description": "The network's; a box that somebody has drawn or corrected has none.",
          ],
        ], optional: ["score"]),
      "Boxes": Schemas.object(["state": state, "revision": count, "boxes": boxes]),
      "NewBoxes": Schemas.object([
        "revision": ["type": "integer", "description": "Of the boxes that these are a change of."],
        "reviewed": ["type": "boolean", "description": "Whether somebody has confirmed all of them."],
        "boxes": boxes,
      ]),
      "Detecting": Schemas.object(
        [
          "again": [
            "type": "boolean",
            "description":
              "Also look at pictures that nobody has reviewed a second time: the boxes of the first go.",
          ]
        ], optional: ["again"]),
      "DetectingState": Schemas.object(
        [
          "running": ["type": "boolean"], "done": count, "left": count, "failed": count,
          "message": ["type": "string", "description": "Why the last of those that failed did."],
        ], optional: ["message"]),
    ]
  }

  private var settings: [String: JSON] {
    [
      "name": name,
      "labels": [
        "type": "array", "items": name, "maxItems": .integer(store.labels),
        "description": "The names that boxes may have; the network looks for them.",
      ],
      "caption": [
        "type": "string", "maxLength": .integer(store.captionCharacters),
        "description": "A sentence whose phrases the network looks for in their place; empty for none.",
      ],
      "threshold": [
        "type": "number", "minimum": 0, "maximum": 1,
        "description": "The network's boxes with no higher score do not count until somebody confirms them.",
      ],
    ]
  }

  private func project(required: [String]) -> JSON {
    Schemas.object(settings, optional: Set(settings.keys).subtracting(required))
  }

  private let id: JSON = ["type": "integer", "minimum": 1]
  private let count: JSON = ["type": "integer", "minimum": 0]
  private let state: JSON = [
    "type": "string", "enum": .array(LabelledPicture.State.allCases.map { "\($0.rawValue)" }),
  ]

  private var name: JSON {
    ["type": "string", "minLength": 1, "maxLength": .integer(store.nameCharacters)]
  }

  private var boxes: JSON { list("Box").adding(["maxItems": .integer(store.boxes)]) }

  private func list(_ schema: String) -> JSON { ["type": "array", "items": Schemas.reference(schema)] }
}
