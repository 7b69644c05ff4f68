import Foundation
import GLIP
import Pictures
import Testing
import Torch

/// The kernels in every arithmetic and for every instruction set, against libtorch's operators in float32.
@Suite(.serialized)
struct PrecisionTests {
  private static let ids = try? Tensor([101, 4937, 1012, 2452, 102] as [Int64], shape: [1, 5])

  /// Everything that the network predicts for two pictures, level by level.
  private func predictions(_ parameters: Parameters, kernels: Bool = true) throws -> [Tensor] {
    let model = try GLIPModel(parameters.root, Networks.tiny)
    let pictures = try Tensor.randomNormal([2, 3, 96, 160], generator: Generator(seed: 5))
    func run() throws -> [Tensor] {
      let words = try model.encode(prompts: #require(Self.ids)).expanded([2, -1, -1])
      return try model.predict(model.encode(pictures: pictures), words: words)
        .flatMap { try [$0.logits, $0.boxes, $0.centerness].map { try $0.to(.float32) } }
    }
    // Outside inference mode the network is made of libtorch's operators.
    return try kernels ? withInferenceMode(run) : withoutGradient(run)
  }

  /// P3…P7 of the same pictures.
  private func levels(_ parameters: Parameters, kernels: Bool = true) throws -> [Tensor] {
    let model = try GLIPModel(parameters.root, Networks.tiny)
    let pictures = try Tensor.randomNormal([2, 3, 96, 160], generator: Generator(seed: 5))
    func run() throws -> [Tensor] { try model.encode(pictures: pictures).map { try $0.to(.float32) } }
    return try kernels ? withInferenceMode(run) : withoutGradient(run)
  }

  private func float32() -> Parameters { Parameters(from: DemonstrationWeights(Networks.tiny)) }

  private func expectAgreement(_ found: [Tensor], _ expected: [Tensor], within bound: Double) throws {
    #expect(found.count == expected.count)
    for (one, other) in zip(found, expected) { #expect(try one.error(from: other) < bound) }
  }

  /// As `expectAgreement`, on average: single numbers of a coarser arithmetic may be anywhere, where a sampling
  /// position moves across an edge.
  private func expectNearness(_ found: [Tensor], _ expected: [Tensor], within bound: Double) throws {
    #expect(found.count == expected.count)
    for (one, other) in zip(found, expected) {
      let distance = try (one - other).flattened().norm(-1).item() / other.flattened().norm(-1).item()
      #expect(distance < bound)
    }
  }

  @Test("kernels and operators compute the same")
  func kernelsAgreeWithOperators() throws {
    try expectAgreement(
      predictions(float32()), predictions(float32(), kernels: false), within: 1e-4)
  }

  @Test("every instruction set computes the same", arguments: ["DEFAULT", "AVX2", "AVX512"])
  func instructionSets(name: String) throws {
    let expected = try predictions(float32(), kernels: false)
    try Runtime.limitCPUCapability(name)
    defer { try? Runtime.limitCPUCapability("AVX512") }
    try expectAgreement(predictions(float32()), expected, within: 1e-4)
  }

  @Test("the result does not depend on the number of threads")
  func threads() throws {
    let count = try Runtime.threadCount
    defer { try? Runtime.setThreadCount(count) }
    let several = try predictions(float32())
    try Runtime.setThreadCount(1)
    let one = try predictions(float32())
    try expectAgreement(one, several, within: 1e-5)
  }

  @Test(
    "bfloat16 stays near float32",
    .enabled(if: Precision.automatic.resolved(on: .cpu) == .bfloat16, "this processor has no bfloat16"))
  func bfloat16() throws {
    let parameters = try Precision.bfloat16.parameters(from: DemonstrationWeights(Networks.tiny))
    #expect(parameters.all.allSatisfy { $0.tensor.dtype == ($0.isMatrix ? .bfloat16 : .float32) })
    try expectNearness(predictions(parameters), predictions(float32(), kernels: false), within: 0.12)
  }

  @Test("weights that change are laid out anew")
  func changedWeights() throws {
    let parameters = float32()
    let model = try GLIPModel(parameters.root, Networks.tiny)
    let pictures = try Tensor.randomNormal([1, 3, 64, 64], generator: Generator(seed: 6))
    func encoded() throws -> [Tensor] { try withInferenceMode { try model.encode(pictures: pictures) } }
    let before = try encoded()
    let weight = try #require(parameters.all.first { $0.name.hasSuffix("blocks.0.mlp.fc1.weight") }).tensor
    try withoutGradient { try weight.multiply(inPlace: 1.5) }
    let after = try encoded()
    #expect(try after[0].error(from: before[0]) > 1e-3)
    let expected = try withoutGradient { try model.encode(pictures: pictures) }
    try expectAgreement(after, expected, within: 1e-4)
  }

  // MARK: int8

  private func quantized(in folder: TemporaryFolder) throws -> (full: URL, bytes: URL) {
    let full = folder.url.appendingPathComponent("full.safetensors")
    let bytes = folder.url.appendingPathComponent("bytes.safetensors")
    let parameters = float32()
    let calibration = Calibration()
    _ = try calibration.observing { try predictions(parameters, kernels: false) }
    try ModelFile.write(parameters, configuration: Networks.tiny, to: full)
    #expect(calibration.paths.contains("backbone.body.layers.0.blocks.0.attn.qkv"))
    try ModelFile(full).quantize(calibration, to: bytes)
    return (full, bytes)
  }

  @Test("a quantised file is smaller, and means the same in float32")
  func quantizedFile() throws {
    let folder = try TemporaryFolder()
    let files = try quantized(in: folder)
    let file = try ModelFile(files.bytes)
    #expect(try file.isQuantized && !ModelFile(files.full).isQuantized)
    #expect(file.configuration == Networks.tiny)
    let (_, unknown) = try file.load()
    #expect(unknown.isEmpty)
    let parameters = Parameters(from: CheckpointParameters(file.checkpoint))
    #expect(parameters.all.allSatisfy { $0.tensor.dtype == .float32 })
    try expectNearness(predictions(parameters), predictions(float32(), kernels: false), within: 0.15)
  }

  @Test(
    "int8 stays near float32",
    .enabled(
      if: Precision.automatic.resolved(on: .cpu, isQuantized: true) == .int8, "this processor has no int8"))
  func int8() throws {
    let folder = try TemporaryFolder()
    let file = try ModelFile(quantized(in: folder).bytes)
    let parameters = try Precision.int8.parameters(from: CheckpointParameters(file.checkpoint))
    let found = try predictions(parameters)
    try expectNearness(levels(parameters), levels(float32(), kernels: false), within: 0.1)
    #expect(parameters.all.contains { $0.tensor.dtype == .int8 })
    // Computed weights make much of small differences, from block to block.
    try expectNearness(found, predictions(float32(), kernels: false), within: 0.6)
    #expect(try Detector(checkpoint: file.url, precision: .automatic).precision == .int8)
  }

  @Test("int8 of a file without bytes is refused in a sentence")
  func notQuantized() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("full.safetensors")
    let parameters = float32()
    _ = try GLIPModel(parameters.root, Networks.tiny)
    try ModelFile.write(parameters, configuration: Networks.tiny, to: url)
    #expect(throws: PrecisionError.self) { try Detector(checkpoint: url, precision: .int8) }
  }
}
