import GLIP

/// Multiply-adds that one picture needs, by part of the network. What only a particular way of computing costs is not
/// among them: padding of prompts and of windows, and projections in the fusion that can be folded into the words'
/// side (Documentation/architecture.md, "Deep fusion"). Work that grows with positions or words alone, such as norms,
/// activations and sampling, is left out.
package struct MultiplyAdds: Sendable, Hashable, Codable {
  package var backbone = 0
  package var pyramid = 0
  /// The text encoder. A prompt needs it once, however many pictures follow.
  package var text = 0
  package var fusion = 0
  /// BERT layers of the tower.
  package var languageLayers = 0
  /// Deformable convolutions of the tower.
  package var deformable = 0
  /// The convolutions that predict their offsets and masks.
  package var offsets = 0
  package var heads = 0

  package init() {}

  /// All of it for a picture whose prompt is encoded.
  package var perPicture: Int {
    backbone + pyramid + fusion + languageLayers + deformable + offsets + heads
  }

  /// What falls to a stage; 0 for those that hardly multiply.
  package func count(of stage: StageClock.Stage) -> Int {
    switch stage {
    case .backbone: backbone
    case .pyramid: pyramid
    case .text: text
    case .fusion: fusion
    case .languageLayers: languageLayers
    case .convolutions: deformable + offsets
    case .heads: heads
    case .preprocessing, .postProcessing: 0
    }
  }
}

/// The multiply-adds for one picture.
///
/// - Parameters:
///   - height: of the picture as the network sees it, in pixels; padded here as there
///   - width: likewise
///   - tokens: of each text of the prompt, all of which meet the same features of the picture
package func multiplyAdds(
  _ configuration: GLIPConfiguration, height: Int, width: Int, tokens: [Int]
) -> MultiplyAdds {
  let (swin, bert, head) = (configuration.swin, configuration.bert, configuration.head)
  func halved(_ side: Int) -> Int { (side + 1) / 2 }
  var count = MultiplyAdds()

  // Sides of the maps of strides 4, 8, … 128.
  var side = (height: (height + 31) / 32 * 8, width: (width + 31) / 32 * 8)
  let positions = (0..<6).map { _ in
    defer { side = (halved(side.height), halved(side.width)) }
    return side.height * side.width
  }

  count.backbone = positions[0] * 3 * 4 * 4 * swin.channels
  for (stage, depth) in swin.depths.enumerated() {
    let channels = swin.channels << stage
    // Queries, keys, values, their projection and the perceptron; then scores and their use within a window.
    let block = (4 + 8) * channels * channels + 2 * swin.window * swin.window * channels
    count.backbone += positions[stage] * depth * block
    if stage > 0 { count.backbone += positions[stage] * 2 * channels * channels }
  }

  let (maps, levels) = (positions[1...3], positions[1...5])
  let kernel = 9 * head.channels * head.channels
  for (stage, positions) in zip(1..., maps) {
    count.pyramid += positions * (swin.channels << stage) * head.channels
  }
  count.pyramid += levels.reduce(0, +) * kernel

  // A block convolves each level itself, the coarser one at its own size, and the finer one in steps of two.
  let all = levels.reduce(0, +)
  let coarser = all - levels[1]
  for tokens in tokens {
    let layer = tokens * bert.width * (4 * bert.width + 2 * bert.intermediate + 2 * tokens)
    count.text += bert.layers * layer
    count.deformable += head.blocks * (all + 2 * coarser) * kernel
    count.offsets += head.blocks * all * 9 * head.channels * 3 * 9
    count.heads += all * head.channels * (tokens + 5) + tokens * bert.width * head.channels
    guard head.fusion else { continue }
    count.languageLayers += head.blocks * layer
    count.fusion +=
      head.blocks
      * (3 * all * head.channels * head.fusionHeads * tokens
        + 3 * tokens * head.fusionWidth * (bert.width + head.channels))
  }
  return count
}
