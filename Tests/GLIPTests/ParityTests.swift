import Checkpoints
import Foundation
import GLIP
import Testing
import Torch

@Suite(.enabled(if: Golden.isAvailable))
struct ParityTests {
  @Test(arguments: ["s1_det_chelsea", "s3_cap_astronaut"]) func small(name: String) throws {
    let folder = try #require(Golden.folder)
    let detector = try Models.detector(.glipTC)
    let golden = try GoldenCase(folder: folder, variant: "glip_t_c", name: name)
    let start = Date()
    let trace = try detector.trace(golden.picture, golden.prompt, options: golden.options)
    print("seconds", Date().timeIntervalSince(start))
    for (name, tensor) in trace where golden.arrays[name] != nil {
      let expected = try golden.array(name)
      guard expected.shape == tensor.shape else {
        print("SHAPE", name, tensor.shape, expected.shape)
        continue
      }
      let e = try tensor.error(from: expected)
      print(name, e)
    }
    print(golden.arrays.entries.map(\.name).filter { n in !trace.contains { $0.name == n } })
  }
}

enum Models {
  static func detector(_ preset: Preset) throws -> Detector {
    let start = Date()
    let parameters = Parameters(from: DemonstrationWeights(preset.configuration))
    let model = try GLIPModel(parameters.root, preset.configuration)
    print("made in", Date().timeIntervalSince(start))
    return try Detector(model: model)
  }
}
