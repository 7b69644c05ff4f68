import Foundation
import Yams

/// Why a configuration cannot be used: one sentence.
public struct ConfigurationError: Error, CustomStringConvertible, LocalizedError, Sendable {
  /// Without a full stop.
  public let reason: String

  init(_ reason: String) { self.reason = reason }

  public var description: String { "\(reason)." }
  public var errorDescription: String? { description }
}

extension TrainingConfiguration {
  /// Reads a configuration; what it does not mention has its default. A setting that does not exist is refused, lest a
  /// slip go unnoticed.
  ///
  /// - Throws: `ConfigurationError` naming the setting, or the line where the text is no YAML.
  public init(yaml: String) throws {
    let given: Node
    let defaults: Node
    do {
      given = try Yams.compose(yaml: yaml) ?? Node.mapping(.init([]))
      defaults = try YAMLEncoder.node(of: TrainingConfiguration())
    } catch let error as YamlError {
      throw ConfigurationError("The configuration is not YAML: \(error.oneLine)")
    }
    guard given.mapping != nil else {
      throw ConfigurationError("The configuration is not a list of settings with values")
    }
    do {
      self = try YAMLDecoder().decode(from: Yams.serialize(node: defaults.replacing(with: given)))
      try given.checkNames(against: YAMLEncoder.node(of: self), at: [])
      try validate()
    } catch let error as DecodingError {
      throw ConfigurationError(error.settingText)
    }
  }

  /// All settings, those that were not mentioned included.
  public var yaml: String {
    get throws {
      let encoder = YAMLEncoder()
      encoder.options.sortKeys = true
      return try encoder.encode(self)
    }
  }

  /// Refuses a batch that processes cannot share evenly.
  ///
  /// - Throws: `ConfigurationError`
  public func checkShares(processes: Int) throws {
    guard !optimization.batch.isMultiple(of: processes * optimization.accumulate) else { return }
    let parts = optimization.accumulate > 1 ? " in \(optimization.accumulate) parts" : ""
    throw ConfigurationError(
      "'optimization.batch' is \(optimization.batch), which cannot be shared by \(processes) processes\(parts)"
    )
  }

  /// Refuses what no run could do.
  func validate() throws {
    func require(_ condition: Bool, _ name: String, _ value: Any, _ expected: String) throws {
      guard condition else { throw ConfigurationError("'\(name)' is \(value); it must be \(expected)") }
    }
    let run = optimization
    try require(!data.training.isEmpty, "data.training", "empty", "at least one data set")
    try require((1...1_000_000).contains(run.batch), "optimization.batch", run.batch, "at least 1")
    try require(
      run.accumulate >= 1 && run.batch.isMultiple(of: run.accumulate), "optimization.accumulate",
      run.accumulate, "a divisor of 'optimization.batch'")
    try require(
      (run.epochs == nil) != (run.steps == nil), "optimization", "without a length or with two",
      "given either 'epochs' or 'steps'")
    try require(run.epochs ?? 1 >= 1, "optimization.epochs", run.epochs ?? 0, "at least 1")
    try require(run.steps ?? 1 >= 1, "optimization.steps", run.steps ?? 0, "at least 1")
    try require(run.warmUpSteps >= 0, "optimization.warmUpSteps", run.warmUpSteps, "at least 0")
    try require(
      run.decayAt.allSatisfy { (0...1).contains($0) }, "optimization.decayAt", run.decayAt, "from 0 to 1")
    let clip = run.clip ?? 1
    try require(clip > 0 && clip.isFinite, "optimization.clip", clip, "above 0")
    try require((0..<1).contains(run.average ?? 0), "optimization.average", run.average ?? 0, "from 0 to 1")
    for (name, rate) in [
      ("learningRate", run.rates.learningRate), ("languageLearningRate", run.rates.languageLearningRate),
      ("weightDecay", run.rates.weightDecay),
    ] {
      try require(rate >= 0 && rate.isFinite, "optimization.rates.\(name)", rate, "at least 0")
    }
    for (name, weight) in [
      ("alignmentWeight", loss.alignmentWeight), ("boxWeight", loss.boxWeight),
      ("centernessWeight", loss.centernessWeight), ("maskedLanguageWeight", loss.maskedLanguageWeight),
      ("contrastiveWeight", loss.contrastiveWeight),
    ] {
      try require(weight >= 0 && weight.isFinite, "loss.\(name)", weight, "at least 0")
    }
    try require(
      task == .grounding || (data.training.count == 1 && tuning.mode == nil), "task", task.rawValue,
      "grounding where there are several data sets or a 'tuning.mode'")
    try require(
      CutOuts.sides.contains(namedSide), "namedSide", namedSide, "one of \(CutOuts.sides)")
    try require(
      run.plateau == nil || validation.data != nil, "optimization.plateau", "set",
      "without, as there is no 'validation.data'")
    try require(saveEvery >= 1, "saveEvery", saveEvery, "at least 1")
    try require(logEvery >= 1, "logEvery", logEvery, "at least 1")
    try require(validation.every ?? 1 >= 1, "validation.every", validation.every ?? 0, "at least 1")
    try require(
      network.preset != nil || network.sizes != nil || network.checkpoint != nil, "network", "empty",
      "given a 'preset', 'sizes' or a 'checkpoint'")
  }
}

extension YAMLEncoder {
  fileprivate static func node(of value: some Encodable) throws -> Node {
    try Yams.compose(yaml: YAMLEncoder().encode(value)) ?? Node.mapping(.init([]))
  }
}

extension Node {
  /// The tree with the values that another one has.
  fileprivate func replacing(with other: Node) -> Node {
    guard case .mapping(var mine) = self, case .mapping(let theirs) = other else { return other }
    for (name, value) in theirs { mine[name] = mine[name]?.replacing(with: value) ?? value }
    return .mapping(mine)
  }

  /// Refuses names that the settings, once understood, do not have.
  fileprivate func checkNames(against known: Node, at path: [String]) throws {
    switch (self, known) {
    case (.mapping(let mine), .mapping(let theirs)):
      for (name, value) in mine where value != Node("null") {
        let place = path + [name.string ?? "?"]
        guard let other = theirs[name] else {
          // A null is the same as nothing said.
          guard value.null == nil else { continue }
          let there = theirs.keys.compactMap(\.string).sorted().joined(separator: ", ")
          throw ConfigurationError(
            "There is no setting '\(place.joined(separator: "."))'; set beside it are \(there)")
        }
        try value.checkNames(against: other, at: place)
      }
    case (.sequence(let mine), .sequence(let theirs)):
      for (index, (value, other)) in zip(mine, theirs).enumerated() {
        try value.checkNames(against: other, at: path + ["\(index + 1)"])
      }
    default: break
    }
  }
}

extension YamlError {
  fileprivate var oneLine: String {
    "\(self)".split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

extension DecodingError {
  fileprivate var settingText: String {
    func place(_ context: Context, _ last: (any CodingKey)? = nil) -> String {
      (context.codingPath + (last.map { [$0] } ?? []))
        .map { $0.intValue.map { "\($0 + 1)" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch self {
    case .keyNotFound(let key, let context): return "The setting '\(place(context, key))' is missing"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "The setting '\(place(context))' is not a value of its kind (\(type))"
    case .dataCorrupted(let context):
      let place = place(context)
      return place.isEmpty ? context.debugDescription : "The setting '\(place)': \(context.debugDescription)"
    @unknown default: return "The configuration is malformed"
    }
  }
}
