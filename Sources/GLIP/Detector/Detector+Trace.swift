import Pictures
import Torch

extension Detector {
  /// The named intermediate tensors of one pass, in the order in which they arise.
  ///
  /// Names and layouts are those of Documentation/parity.md; pictures and maps are [B, C, h, w].
  ///
  /// - Throws: as `detect`, and `DetectorError.severalTexts` for a list that does not fit into one text.
  public func trace(
    _ picture: Picture, _ prompt: Prompt, options: DetectionOptions = DetectionOptions()
  ) throws -> [(name: String, tensor: Tensor)] {
    let encoded = try validate(prompt, options: options)
    guard encoded.count == 1 else { throw DetectorError.severalTexts(count: encoded.count) }
    let trace = Trace()
    try trace.recording {
      let input = try prepare(picture, options: options)
      try record(input)
      try record(encoded[0])
      _ = try detect([input], encoded, options)
    }
    return trace.tensors
  }

  private func record(_ input: NetworkInput) throws {
    try Trace.record("input_size_wh", Tensor([Int64(input.originalWidth), Int64(input.originalHeight)]))
    try Trace.record("resized_size_wh", Tensor([Int64(input.width), Int64(input.height)]))
    try Trace.record("padded_hw", Tensor(input.pixels.shape.suffix(2).map(Int64.init)))
    Trace.record("input", input.pixels)
    for level in Anchors.strides.indices {
      let cell = Anchors.cell(level: level)
      try Trace.record("anchors_l\(level)_cell", Tensor([cell.0, cell.1, cell.2, cell.3], shape: [1, 4]))
    }
  }

  /// Tokens, padded as the authors pad them, and the tokens of each phrase.
  private func record(_ prompt: EncodedPrompt) throws {
    let padding = [Int64](repeating: 0, count: max(prompts.maximumTokens - prompt.ids.count, 0))
    let length = prompt.ids.count + padding.count
    try Trace.record("input_ids", Tensor(prompt.ids.map(Int64.init) + padding))
    try Trace.record("attention_mask", Tensor(prompt.ids.map { _ in 1 } + padding))
    let special = prompt.tokens.offsets.map { $0.isEmpty ? Int64(1) : 0 } + padding.map { _ in 1 }
    try Trace.record("special_tokens_mask", Tensor(special))
    let offsets = prompt.tokens.offsets.flatMap { [Int64($0.lowerBound), Int64($0.upperBound)] }
    try Trace.record("char_offsets", Tensor(offsets + padding + padding, shape: [length, 2]))
    try Trace.record("pos_labels", Tensor(prompt.phrases.map { Int64($0.label + 1) }))
    let map = prompt.phrases.flatMap { phrase in
      prompt.ids.indices.map { phrase.tokens.contains($0) ? UInt8(1) : 0 }
    }
    try Trace.record("pos_map", Tensor(map, shape: [prompt.phrases.count, prompt.ids.count]))
  }
}
