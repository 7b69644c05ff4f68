import Checkpoints
import Foundation
import Torch

/// A checkpoint on disk together with the network it belongs to.
public struct ModelFile: Sendable {
  public let url: URL
  public let checkpoint: Checkpoint
  public let configuration: GLIPConfiguration

  /// Key of a safetensors file's metadata under which a network's configuration is kept, as JSON.
  public static let configurationKey = "glip.configuration"

  /// Opens a `.safetensors` file or a `.pth` file of the authors.
  ///
  /// - Parameters:
  ///   - url: the file
  ///   - preset: which network it is. Without it the file's own description is read, or else the shapes of its
  ///     parameters.
  ///   - verifyingChecksums: whether to compare a `.pth` file with the checksums it carries, which means reading all
  ///     of it
  /// - Throws: `CheckpointError` for a file that cannot be read, `ModelFileError` for one that is no GLIP model.
  public init(_ url: URL, preset: Preset? = nil, verifyingChecksums: Bool = false) throws {
    self.url = url
    checkpoint = try Checkpoint(opening: url, verifyingChecksums: verifyingChecksums)
    if let preset {
      configuration = preset.configuration
    } else if let text = checkpoint.metadata[Self.configurationKey] {
      do {
        configuration = try JSONDecoder().decode(GLIPConfiguration.self, from: Data(text.utf8))
      } catch {
        throw ModelFileError.brokenConfiguration(file: url.lastPathComponent)
      }
    } else {
      configuration = try GLIPConfiguration(shapesOf: checkpoint)
    }
    try configuration.validate()
  }

  /// Makes the network.
  ///
  /// - Returns: the network, and the names of the file that it does not use, but for the buffers that released
  ///   checkpoints are known to carry.
  /// - Throws: `TorchError` naming the first parameter that is missing or has another shape.
  public func load(
    device: Device = .cpu, precision: Precision = .float32
  ) throws -> (model: GLIPModel, unknown: [String]) {
    guard precision != .int8 || isQuantized else {
      throw PrecisionError.notQuantized(file: url.lastPathComponent)
    }
    let parameters = try precision.parameters(from: CheckpointParameters(checkpoint), device: device)
    let model = try GLIPModel(parameters.root, configuration)
    return (model, unknownNames(used: parameters.all.map(\.name)))
  }

  /// Whether the file holds int8 weights.
  public var isQuantized: Bool { checkpoint.entries.contains { $0.type == .int8 } }

  /// Writes the network with int8 weights where the calibration has seen their inputs, other large weights as bfloat16.
  public func quantize(_ calibration: Calibration, to url: URL) throws {
    let source = QuantizedParameters(CheckpointParameters(checkpoint), calibration)
    let parameters = Parameters(from: source, keepsInt8: true)
    _ = try GLIPModel(parameters.root, configuration)
    try Self.write(parameters, configuration: configuration, dtype: .bfloat16, to: url)
  }

  /// Writes the network's parameters and its configuration as safetensors.
  ///
  /// - Returns: names of the source that were left out because the network has no such parameter.
  public func convert(to url: URL, dtype: DType) throws -> [String] {
    let parameters = Parameters(from: CheckpointParameters(checkpoint))
    _ = try GLIPModel(parameters.root, configuration)
    try Self.write(parameters, configuration: configuration, dtype: dtype, to: url)
    return unknownNames(used: parameters.all.map(\.name))
  }

  /// Writes what sees pictures, under its names in the whole, for other networks to begin with: without the text encoder,
  /// without what the tower has for words, and without the plain classifier that nothing reads.
  public func extractPictureSide(to url: URL, dtype: DType) throws {
    let parameters = Parameters(from: CheckpointParameters(checkpoint))
    _ = try GLIPModel(parameters.root, configuration)
    let seeing = parameters.all.filter { !configuration.isForWords($0.name) }
    try SafetensorsWriter.write(seeing.map { Self.array($0, dtype) }, metadata: [:], to: url)
  }

  /// Writes a model as safetensors, its configuration in the metadata: large weights as `dtype`, all others, which are
  /// small and matter more, as float32. The file appears whole or not at all.
  public static func write(
    _ parameters: Parameters, configuration: GLIPConfiguration, dtype: DType = .float32, to url: URL
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let description = String(decoding: try encoder.encode(configuration), as: UTF8.self)
    let arrays = parameters.all.map { array($0, dtype) }
    try SafetensorsWriter.write(arrays, metadata: [configurationKey: description], to: url)
  }

  private static func array(
    _ parameter: (name: String, tensor: Tensor, isMatrix: Bool), _ dtype: DType
  ) -> SafetensorsWriter.Array {
    let dtype = !parameter.isMatrix ? .float32 : parameter.tensor.dtype == .int8 ? .int8 : dtype
    return SafetensorsWriter.Array(
      name: parameter.name, type: ScalarType(dtype), shape: parameter.tensor.shape
    ) { write in
      try parameter.tensor.to(dtype).withBytes(write)
    }
  }

  private func unknownNames(used: [String]) -> [String] {
    let used = Set(used)
    // Scales of int8 weights, where these are not kept.
    let scales = checkpoint.entries.filter { $0.type == .int8 }.flatMap { Quantization.names(of: $0.name) }
    let known = used.union(scales)
    return checkpoint.entries.map(\.name).filter { !known.contains($0) && !Self.isKnownBuffer($0) }
  }

  /// Constants that can be computed, and parts of the text encoder that GLIP leaves out.
  static func isKnownBuffer(_ name: String) -> Bool {
    name.hasSuffix(".relative_position_index") || name.hasSuffix(".position_ids")
      || name.hasPrefix("rpn.anchor_generator.cell_anchors.")
      || name.hasPrefix("language_backbone.body.model.pooler.") || name.contains(".resizer.")
  }
}

/// Why a checkpoint is not a usable GLIP model.
public enum ModelFileError: Error, CustomStringConvertible, LocalizedError, Sendable {
  case notGLIP(missing: String)
  case oddShape(parameter: String, shape: [Int])
  case brokenConfiguration(file: String)
  case impossibleConfiguration(reason: String)

  public var description: String {
    switch self {
    case .notGLIP(let name): "This is not a GLIP checkpoint: it has no parameter '\(name)'."
    case .oddShape(let name, let shape): "Parameter '\(name)' has shape \(shape), which no GLIP network has."
    case .brokenConfiguration(let file):
      "The metadata '\(ModelFile.configurationKey)' of \(file) is not a GLIP configuration."
    case .impossibleConfiguration(let reason): "The configuration describes no network: \(reason)."
    }
  }

  public var errorDescription: String? { description }
}

extension GLIPConfiguration {
  /// Refuses sizes that cannot be built, so that a hostile file ends in a sentence and not in a trap.
  func validate() throws {
    func require(_ condition: Bool, _ reason: String) throws {
      guard condition else { throw ModelFileError.impossibleConfiguration(reason: reason) }
    }
    let stages = swin.depths.count
    try require(
      stages == 4 && swin.heads.count == stages, "Swin has four stages, each with a depth and heads")
    try require(swin.depths.allSatisfy { (1...64).contains($0) }, "stages have 1 to 64 blocks")
    try require((1...4096).contains(swin.channels) && (1...64).contains(swin.window), "Swin's sizes")
    for (stage, heads) in swin.heads.enumerated() {
      try require(
        heads > 0 && (swin.channels << stage).isMultiple(of: heads),
        "stage \(stage) does not divide into heads")
    }
    try require(
      [bert.vocabulary, bert.width, bert.layers, bert.intermediate, bert.positions].allSatisfy {
        (1...1_000_000).contains($0)
      }, "BERT's sizes")
    try require(bert.heads > 0 && bert.width.isMultiple(of: bert.heads), "BERT does not divide into heads")
    try require((1...64).contains(head.blocks), "the head has 1 to 64 blocks")
    try require(
      (4...65_536).contains(head.channels) && (1...65_536).contains(head.classes), "the head's sizes")
    try require(
      head.groups > 0 && head.channels.isMultiple(of: head.groups), "channels do not divide into groups")
    try require(
      head.fusionHeads > 0 && (1...65_536).contains(head.fusionWidth)
        && head.fusionWidth.isMultiple(of: head.fusionHeads), "the fusion does not divide into heads")
    try require(
      ([resize.minimumSide] + [resize.maximumSide].compactMap { $0 }).allSatisfy(ResizeRule.sides.contains),
      "sides of pictures are \(ResizeRule.sides) pixels")
    try require(
      [swin.dropPath, bert.dropout, head.fusionDropout, head.dropBlock].allSatisfy { (0..<1).contains($0) },
      "what training drops is a share from 0 up to, but not including, 1")
  }
}
