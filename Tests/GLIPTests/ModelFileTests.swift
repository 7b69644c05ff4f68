import Checkpoints
import Foundation
import GLIP
import Testing
import Torch

/// Checkpoints: recognised, loaded, converted, refused.
struct ModelFileTests {
  private let folder: TemporaryFolder
  private let parameters: Parameters

  init() throws {
    folder = try TemporaryFolder()
    parameters = Parameters(from: DemonstrationWeights(Networks.tiny))
    _ = try GLIPModel(parameters.root, Networks.tiny)
  }

  private func file(_ name: String) -> URL { folder.url.appendingPathComponent(name) }

  /// Writes arrays without a description of their network, as the authors' files have none.
  private func write(
    _ name: String, metadata: [String: String] = [:],
    changing change: (inout [String: Tensor]) throws -> Void = { _ in }
  ) throws -> URL {
    var tensors = Dictionary(uniqueKeysWithValues: parameters.all.map { ($0.name, $0.tensor) })
    try change(&tensors)
    let arrays = tensors.sorted { $0.key < $1.key }.map { SafetensorsWriter.Array($0.key, $0.value) }
    try SafetensorsWriter.write(arrays, metadata: metadata, to: file(name))
    return file(name)
  }

  @Test("a network written with its description comes back the same")
  func roundTrip() throws {
    try ModelFile.write(parameters, configuration: Networks.tiny, to: file("tiny.safetensors"))
    let detector = try Detector(checkpoint: file("tiny.safetensors"))
    #expect(detector.model.configuration == Networks.tiny)
    #expect(detector.unknownParameters.isEmpty)
    let picture = try Golden.picture("chelsea.png")
    let prompt = Prompt.classes(["cat", "cup"])
    let expected = try Networks.detector(Networks.tiny).detect(picture, prompt, options: Networks.everything)
    #expect(try detector.detect(picture, prompt, options: Networks.everything) == expected)
  }

  @Test("a network sees pictures at the size of its training, unless another is asked for")
  func ownSize() throws {
    var configuration = Networks.tiny
    configuration.resize = ResizeRule(minimumSide: 96, maximumSide: nil)
    try ModelFile.write(parameters, configuration: configuration, to: file("small.safetensors"))
    let detector = try Detector(checkpoint: file("small.safetensors"))
    let picture = try Golden.picture("chelsea.png")
    let prompt = Prompt.classes(["cat", "cup"])
    var options = Networks.everything
    options.resize = nil
    let own = try detector.detect(picture, prompt, options: options)
    #expect(min(try detector.prepare(picture).width, try detector.prepare(picture).height) == 96)
    options.resize = configuration.resize
    #expect(try detector.detect(picture, prompt, options: options) == own)
    #expect(try detector.detect(picture, prompt, options: Networks.everything) != own)
    let text = """
      {"minimumSide": 96}
      """
    #expect(try JSONDecoder().decode(ResizeRule.self, from: Data(text.utf8)) == configuration.resize)
  }

  @Test("without a description the shapes tell")
  func shapes() throws {
    #expect(try ModelFile(write("bare.safetensors")).configuration == recognisable)
  }

  /// What shapes cannot tell is taken as in the released models; the tiny network differs in its groups.
  private var recognisable: GLIPConfiguration {
    var configuration = Networks.tiny
    configuration.head.groups = 16
    return configuration
  }

  @Test("the published networks are told apart by their shapes", arguments: Preset.allCases)
  func presets(preset: Preset) throws {
    let survey = ShapeSurvey()
    _ = try GLIPModel(Parameters(from: survey).root, preset.configuration)
    // One zero in place of each array's values: only names and shapes matter, and files may have holes.
    let url = file("shapes.safetensors")
    try SparseFile.write(survey.shapes, to: url)
    #expect(try ModelFile(url).configuration == preset.configuration)
  }

  @Test("half precision files are half as large and load")
  func halfPrecision() throws {
    try ModelFile.write(parameters, configuration: Networks.tiny, to: file("full.safetensors"))
    let unknown = try ModelFile(file("full.safetensors")).convert(
      to: file("half.safetensors"), dtype: .bfloat16)
    #expect(unknown.isEmpty)
    func size(_ name: String) throws -> Int { try Data(contentsOf: file(name)).count }
    #expect(try Double(size("half.safetensors")) < 0.55 * Double(size("full.safetensors")))
    let (model, _) = try ModelFile(file("half.safetensors")).load()
    #expect(model.configuration == Networks.tiny)
  }

  @Test("names that do not belong are reported, known buffers are not")
  func unknownNames() throws {
    let url = try write(
      "extra.safetensors",
      metadata: [
        ModelFile.configurationKey: String(decoding: JSONEncoder().encode(Networks.tiny), as: UTF8.self)
      ]
    ) {
      $0["surprise.weight"] = try Tensor.zeros([3])
      $0["rpn.anchor_generator.cell_anchors.0"] = try Tensor.zeros([1, 4])
      $0["backbone.body.layers.0.blocks.0.attn.relative_position_index"] = try Tensor.zeros([25, 25])
    }
    let file = try ModelFile(url)
    #expect(try file.load().unknown == ["surprise.weight"])
    let report = try file.nameReport()
    #expect(report.unknown == ["surprise.weight"] && report.ignored.count == 2)
    #expect(report.missing.isEmpty && report.misshapen.isEmpty)
  }

  @Test("what is missing or of another shape is named")
  func broken() throws {
    let metadata = [
      ModelFile.configurationKey: String(decoding: try JSONEncoder().encode(Networks.tiny), as: UTF8.self)
    ]
    func message(_ change: @escaping (inout [String: Tensor]) throws -> Void, metadata: [String: String])
      -> String
    {
      do {
        _ = try ModelFile(write("broken.safetensors", metadata: metadata, changing: change)).load()
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      message({ $0["rpn.head.bias0"] = nil }, metadata: metadata).contains("no parameter 'rpn.head.bias0'"))
    let shape = message({ $0["rpn.head.bias0"] = try Tensor.zeros([2]) }, metadata: metadata)
    #expect(shape.contains("'rpn.head.bias0'") && shape.contains("[2]") && shape.contains("[1]"))
    #expect(message({ $0 = ["a": try Tensor.zeros([1])] }, metadata: [:]).contains("not a GLIP checkpoint"))
    #expect(
      message({ _ in }, metadata: [ModelFile.configurationKey: "{"]).contains("not a GLIP configuration"))
  }

  @Test("descriptions that no network can have are refused, not built")
  func hostileDescription() throws {
    let changes: [(inout GLIPConfiguration) -> Void] = [
      { $0.swin.depths = [] }, { $0.swin.window = 0 }, { $0.swin.channels = -4 },
      { $0.swin.heads = [0, 1, 1, 1] },
      { $0.head.blocks = 1_000_000_000 }, { $0.head.fusionHeads = 0 }, { $0.head.groups = 5 },
      { $0.bert.width = .max }, { $0.bert.heads = 7 }, { $0.resize.minimumSide = 0 },
      { $0.resize.maximumSide = 1_000_000 },
    ]
    for change in changes {
      var configuration = Networks.tiny
      change(&configuration)
      let text = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
      let url = try write("hostile.safetensors", metadata: [ModelFile.configurationKey: text])
      #expect(throws: ModelFileError.self) { try ModelFile(url) }
    }
  }
}

/// Safetensors files that take no room on the disk, for networks of hundreds of megabytes.
enum SparseFile {
  static func write(_ shapes: [String: [Int]], to url: URL) throws {
    var offset = 0
    var header: [String: Any] = [:]
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      let end = offset + 4 * shape.reduce(1, *)
      header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [offset, end]]
      offset = end
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    var data = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    data.append(text)
    try data.write(to: url)
    let file = try FileHandle(forWritingTo: url)
    try file.truncate(atOffset: UInt64(data.count + offset))
    try file.close()
  }
}
