import Checkpoints
import Foundation
import GLIP
import Synchronization
import Torch

/// Where the parameters of a run begin: in a whole network's file, or with encoders that were trained alone, and drawn
/// from the seed where there is nothing.
final class StartingParameters: ParameterSource {
  private let whole: ModelFile?
  fileprivate let parts: [Part]
  private let fresh: FreshParameters

  /// A part of the network with a file of its own.
  fileprivate struct Part: Sendable {
    let words: String
    let path: String
    /// What the file's names may begin with: as it is published, or as in a whole network.
    let prefixes: [String]
    let file: URL
    let checkpoint: Checkpoint
    /// Names that were found in the file, and that were not.
    let names = Names()

    final class Names: Sendable {
      let found = Mutex<[String]>([])
      let missing = Mutex<[String]>([])
    }
  }

  init(_ network: TrainingConfiguration.Network, seed: UInt64) throws {
    whole = try network.checkpoint.map { try ModelFile(URL(fileURLWithPath: $0), preset: network.preset) }
    if let whole, whole.isQuantized {
      throw ConfigurationError("\(whole.url.relativePath) is quantised; training begins with the original")
    }
    fresh = try FreshParameters(seed: seed)
    parts = try [
      ("picture encoder", "backbone.body.", [""], network.backbone),
      ("pyramid", "backbone.fpn.", [], network.head),
      ("head", "rpn.head.", [], network.head),
      ("text encoder", "language_backbone.body.model.", ["", "bert."], network.language),
    ].compactMap { words, path, prefixes, name in
      try name.map { name in
        let file = URL(fileURLWithPath: name)
        return Part(
          words: words, path: path, prefixes: prefixes + [path], file: file,
          checkpoint: try Checkpoint(opening: file))
      }
    }
  }

  /// The network's sizes, where a whole one is there.
  var configuration: GLIPConfiguration? { whole?.configuration }

  func parameter(_ name: String, shape: [Int], initial: Initializer) throws -> Tensor {
    if let part = parts.first(where: { name.hasPrefix($0.path) }) {
      if let value = try part.value(String(name.dropFirst(part.path.count)), shape: shape) { return value }
      if part.path == "rpn.head.", Self.isAddition(name) {
        return try fresh.parameter(name, shape: shape, initial: .constant(0))
      }
    } else if let whole {
      if whole.checkpoint[name] != nil {
        let value = try Tensor(named: name, in: whole.checkpoint)
        // The plain classifier, which nothing reads, may be for another number of classes.
        if value.shape == shape || !PathSet.unused.contains(name) { return value }
      } else if !Self.optional.contains(name) {
        throw TorchError.missingParameter(name)
      }
    }
    return try fresh.parameter(name, shape: shape, initial: initial)
  }

  /// Whether a parameter ends what fusion or a BERT layer adds to its inputs. A tower that has learnt without words
  /// goes on where it was if all that is new adds nothing at first.
  private static func isAddition(_ name: String) -> Bool {
    name.contains(".b_attn.attn.out_") || name.contains(".output.dense.")
  }

  /// What a network may have or not.
  private static let optional: PathSet = [
    "rpn.tunable_linear", "rpn.head.cls_logits", "rpn.head.contrastive_align_projection_image",
    "rpn.head.contrastive_align_projection_text", "rpn.head.contrastive_align_log_scale", "rpn.head.mlm_head",
    "naming",
  ]

  /// What of the encoders' files was used, once the network is made; a line for each.
  ///
  /// - Throws: `ConfigurationError` for a file of which nothing was.
  func report() throws -> [String] {
    try parts.map { part in
      let (found, missing) = (part.names.found.withLock { $0 }, part.names.missing.withLock { $0 })
      guard !found.isEmpty else {
        throw ConfigurationError(
          "\(part.file.relativePath) holds no \(part.words): there is no '\(missing.first ?? "")' in it")
      }
      let rest = missing.isEmpty ? "" : ", \(missing.count) not in it begin anew ('\(missing[0])' for one)"
      return "The \(part.words) begins with \(found.count) arrays of \(part.file.relativePath)\(rest)"
    }
  }
}

extension StartingParameters.Part {
  /// What a block of a tower without fusion is called in one with it, where fusion, BERT layer and convolution are
  /// counted in one list.
  private static func inFusedTower(_ name: String) -> [String] {
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "dyhead_tower", let index = Int(parts[1]) else { return [] }
    return ["dyhead_tower.\(3 * index + 2).\(parts[2])"]
  }

  /// The value in the part's file, if it is there.
  fileprivate func value(_ name: String, shape: [Int]) throws -> Tensor? {
    // Early files of BERT have other names for the norms' parameters.
    let old = name.replacing("LayerNorm.weight", with: "LayerNorm.gamma").replacing(
      "LayerNorm.bias", with: "LayerNorm.beta")
    let candidates = prefixes.flatMap { prefix in
      ([name, old] + Self.inFusedTower(name)).map { prefix + $0 }
    }
    guard let key = candidates.first(where: { checkpoint[$0] != nil }) else {
      names.missing.withLock { $0.append(name) }
      return nil
    }
    let value = try Tensor(named: key, in: checkpoint)
    guard value.shape == shape else {
      throw TorchError.wrongShape(
        parameter: "\(key) of \(file.relativePath)", expected: shape, found: value.shape)
    }
    names.found.withLock { $0.append(name) }
    return value
  }
}
