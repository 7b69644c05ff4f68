/// The schemas of what is sent and answered.
struct Schemas {
  let limits: ServiceLimits

  static func reference(_ name: String) -> JSON { ["$ref": "#/components/schemas/\(name)"] }

  // MARK: Requests

  /// A field of a JSON object.
  func json(_ field: RequestField) -> JSON {
    switch field {
    case .picture: described(field, ["type": "string", "contentEncoding": "base64"])
    case .pictures:
      described(
        field,
        [
          "type": "array", "minItems": 1, "maxItems": .integer(limits.batchPictures),
          "items": ["type": "string", "contentEncoding": "base64"],
        ])
    case .classes:
      described(
        field,
        [
          "oneOf": [
            text,
            [
              "type": "array", "minItems": 1, "maxItems": .integer(limits.classes), "items": text,
            ],
          ]
        ])
    default: text(field)
    }
  }

  /// A part of a form.
  func part(_ field: RequestField) -> JSON {
    switch field {
    case .picture: described(field, ["type": "string", "format": "binary"])
    case .pictures:
      described(
        field,
        [
          "type": "array", "minItems": 1, "maxItems": .integer(limits.batchPictures),
          "items": ["type": "string", "format": "binary"],
        ])
    default: text(field)
    }
  }

  /// A field that is text, or a number written as such.
  func text(_ field: RequestField) -> JSON {
    switch field {
    case .picture, .pictures: [:]
    case .classes, .prompt, .caption: described(field, text)
    case .threshold: described(field, ["type": "number", "minimum": 0, "maximum": 1])
    case .maximumDetections:
      described(field, ["type": "integer", "minimum": 1, "maximum": .integer(limits.detections)])
    case .format:
      described(
        field, ["type": "string", "enum": .array(OutputFormat.allCases.map { "\($0.rawValue)" })])
    }
  }

  /// An object of all fields of an input, with the pictures and one way to say what to look for.
  func request(_ input: Operation.Input, _ schema: (RequestField) -> JSON) -> JSON {
    let fields = input.fields.map { ($0.rawValue, schema($0)) }
    let pictures = input.fields.filter(\.isPicture).map { JSON.string($0.rawValue) }
    return [
      "type": "object", "additionalProperties": false,
      "properties": .object(Dictionary(fields) { $1 }),
      "required": .array(pictures),
      "oneOf": .array(RequestField.prompts.map { ["required": ["\($0.rawValue)"]] }),
    ]
  }

  private var text: JSON {
    ["type": "string", "minLength": 1, "maxLength": .integer(limits.promptCharacters)]
  }

  private func described(_ field: RequestField, _ schema: JSON) -> JSON {
    schema.adding(["description": "\(field.meaning)"])
  }

  // MARK: Answers

  var all: [String: JSON] {
    [
      "Error": Self.object([
        "error": Self.object([
          "code": [
            "type": "string", "enum": .array(APIError.Code.allCases.map { "\($0.rawValue)" }),
          ],
          "message": ["type": "string", "description": "One sentence."],
        ])
      ]),
      "Detection": Self.object([
        "label": ["type": "string", "description": "The class name, or the phrase of the caption."],
        "category_id": [
          "type": "integer", "minimum": 1,
          "description": "Position in the class list or among the caption's phrases.",
        ],
        "span": [
          "type": "array", "items": ["type": "integer"], "minItems": 2, "maxItems": 2,
          "description": "Begin and end of the label's words in the prompt, in Unicode scalars.",
        ],
        "score": ["type": "number", "minimum": 0, "maximum": 1],
        "bbox": [
          "type": "array", "items": ["type": "number"], "minItems": 4, "maxItems": 4,
          "description": "x, y, width and height in pixels of the picture.",
        ],
      ]),
      "PictureResult": Self.object(Self.picture),
      "DetectionResponse": Self.object(Self.picture.merging(Self.context) { $1 }),
      "BatchResponse": Self.object(
        Self.context.merging([
          "results": [
            "type": "array",
            "items": ["oneOf": [Self.reference("PictureResult"), Self.reference("Error")]],
          ]
        ]) { $1 }),
      "ModelsResponse": Self.object([
        "models": [
          "type": "array",
          "items": Self.object(
            [
              "name": ["type": "string"], "precision": ["type": "string"], "device": ["type": "string"],
              "prompt_tokens": ["type": "integer"], "minimum_side": ["type": "integer"],
              "maximum_side": ["type": "integer"],
              "threshold": [
                "type": "number", "minimum": 0, "maximum": 1,
                "description":
                  "Detections with no higher score are not reported unless a request says otherwise.",
              ],
            ], optional: ["maximum_side"]),
        ]
      ]),
      "HealthResponse": Self.object(["status": ["type": "string"]]),
    ]
  }

  private static let picture: [String: JSON] = [
    "width": ["type": "integer", "minimum": 1], "height": ["type": "integer", "minimum": 1],
    "detections": ["type": "array", "items": reference("Detection")],
  ]

  private static let context: [String: JSON] = [
    "model": ["type": "string"],
    "prompt": ["type": "string", "description": "The text that spans refer to."],
  ]

  static func object(_ properties: [String: JSON], optional: Set<String> = []) -> JSON {
    [
      "type": "object", "additionalProperties": false, "properties": .object(properties),
      "required": .array(properties.keys.filter { !optional.contains($0) }.sorted().map { .string($0) }),
    ]
  }
}
