import GLIP
import Pictures
import Torch

/// `Detector` with the plain network: every text of a prompt is a pass of its own, picture included, as the authors
/// evaluate long lists. Before and after the network it is the same code.
package struct PlainDetector: Sendable {
  package let model: PlainModel
  package let prompts: PromptEncoder

  package init(_ model: PlainModel, prompts: PromptEncoder) {
    self.model = model
    self.prompts = prompts
  }

  /// What the prompt names in pictures that the network sees at one size, best first for each.
  package func detect(
    _ pictures: [Picture], _ prompt: Prompt, options: DetectionOptions = DetectionOptions()
  ) throws -> [[Detection]] {
    let rule = options.resize ?? model.configuration.resize
    return try withInferenceMode {
      let inputs = try StageClock.time(.preprocessing) {
        try pictures.map { try Preprocessing.input(for: $0, rule) }
      }
      let pixels = try Tensor.concatenated(inputs.map(\.pixels), dimension: 0)
      var found = [[Detection]](repeating: [], count: inputs.count)
      var offset = 0
      for prompt in try prompts.encode(prompt) {
        let predictions = try model(pixels, prompts: inputs.map { _ in prompt.ids })
        let rowLengths = Anchors.strides.map { (pixels.size(3) + $0 - 1) / $0 }
        try StageClock.time(.postProcessing) {
          for (index, input) in inputs.enumerated() {
            let candidates = try PostProcessing.candidates(
              predictions.map { try $0.ofPicture(index) }, phrases: prompt.phrases, rowLengths: rowLengths,
              width: input.width, height: input.height, options: options)
            found[index] += candidates.map { $0.detection(in: input, prompt, offset: offset) }
          }
        }
        offset += prompt.text.unicodeScalars.count + prompts.style.separator.unicodeScalars.count
      }
      return found.map { $0.reported(options) }
    }
  }
}
