import HTTPTypes

/// The description of the interface, OpenAPI 3.1, as it follows from the operations, fields, errors and limits.
struct OpenAPIDocument {
  let limits: ServiceLimits
  let version: String
  let hasTokens: Bool

  var json: JSON {
    var paths: [String: [String: JSON]] = [:]
    let schemas = Schemas(limits: limits).all.merging(LabelSchemas(limits: limits).all) { $1 }
    for operation in Operation.all {
      paths[operation.path, default: [:]][operation.method.rawValue.lowercased()] = description(of: operation)
    }
    var components: [String: JSON] = ["schemas": .object(schemas)]
    if hasTokens { components["securitySchemes"] = ["token": ["type": "http", "scheme": "bearer"]] }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "GLIP", "version": "\(version)",
        "description": "Finds in pictures what you name in words.",
        "license": ["name": "MIT", "identifier": "MIT"],
      ],
      "paths": .object(paths.mapValues { .object($0) }),
      "components": .object(components),
    ]
  }

  private func description(of operation: Operation) -> JSON {
    var members: [String: JSON] = [
      "operationId": "\(operation.id.rawValue)",
      "summary": "\(operation.summary)",
      "responses": .object(responses(of: operation)),
    ]
    if hasTokens { members["security"] = operation.isProtected ? [["token": []]] : [] }
    if let labels = operation.labels {
      members["requestBody"] = ["required": true, "content": LabelSchemas(limits: limits).content(labels)]
    }
    if !operation.parameters.isEmpty || !operation.query.isEmpty {
      members["parameters"] = .array(LabelSchemas.parameters(of: operation))
    }
    if let input = operation.input {
      members["requestBody"] = ["required": true, "content": .object(content(of: input))]
      if input.takesBytes {
        members["parameters"] = .array(
          input.fields.filter { !$0.isPicture }.map { field in
            [
              "name": "\(field.rawValue)", "in": "query", "required": false,
              "description": "Beside a picture's bytes only. \(field.meaning)",
              "schema": Schemas(limits: limits).text(field),
            ]
          })
      }
    }
    return .object(members)
  }

  private func content(of input: Operation.Input) -> [String: JSON] {
    let schemas = Schemas(limits: limits)
    var content: [String: JSON] = [
      DetectBody.json: ["schema": schemas.request(input, schemas.json)],
      DetectBody.multipart: ["schema": schemas.request(input, schemas.part)],
    ]
    if input.takesBytes {
      for type in DetectBody.pictures { content[type] = ["schema": [:]] }
    }
    return content
  }

  // MARK: Answers

  private func responses(of operation: Operation) -> [String: JSON] {
    var responses: [String: JSON] = [
      "200": [
        "description": "What was asked for.", "headers": .object(Self.idHeader),
        "content": success(operation.output),
      ]
    ]
    let errors = Dictionary(grouping: operation.allErrors) { "\($0.status.code)" }
    for (status, codes) in errors {
      var headers = Self.idHeader
      for code in codes {
        for name in Self.headers(of: code) { headers[name] = ["schema": ["type": "string"]] }
      }
      responses[status] = [
        "description": .string(codes.map { "`\($0.rawValue)`: \($0.meaning)" }.joined(separator: " ")),
        "headers": .object(headers),
        "content": ["application/json": ["schema": Schemas.reference("Error")]],
      ]
    }
    return responses
  }

  private static let idHeader: [String: JSON] = [
    "X-Request-Id": ["description": "The request's own, or one that was made.", "schema": ["type": "string"]]
  ]

  private static func headers(of code: APIError.Code) -> [String] {
    switch code {
    case .unauthorized: ["WWW-Authenticate"]
    case .methodNotAllowed: ["Allow"]
    case .queueFull: ["Retry-After"]
    default: []
    }
  }

  private func success(_ output: Operation.Output) -> JSON {
    switch output {
    case .json(let schema): ["application/json": ["schema": Schemas.reference(schema)]]
    case .detections:
      [
        "application/json": ["schema": Schemas.reference("DetectionResponse")],
        "image/png": ["schema": [:]], "image/jpeg": ["schema": [:]],
      ]
    case .file(let types): .object(Dictionary(types.map { ($0, ["schema": [:]]) }) { $1 })
    case .text(let type): .object([type: ["schema": ["type": "string"]]])
    case .description: ["application/json": ["schema": ["type": "object"]]]
    }
  }
}
