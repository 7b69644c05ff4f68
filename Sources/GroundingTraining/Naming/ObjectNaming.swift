import Foundation
import GLIP
import GroundingData
import Torch

/// What a picture encoder learns first where no trained one is at hand: to name the objects that are cut out of pictures.
///
/// The authors begin with encoders that can tell ImageNet's classes apart. Here the classes are the names of a detection
/// data set, and what a name is like is up to the text encoder, which stays as it is: the mean of the encoder's map over an
/// object, projected, is to point the same way as the mean of the name's words (softmax over all names). So names that
/// mean alike share what is learnt. Documentation/training.md, "A picture encoder from nothing".
///
/// Pyramid, tower and alignment can learn it in turn: then it is the network's own scores by which names are told apart. Of
/// cut-outs first, which is quick, and then at the places of whole pictures at which detection will ask.
struct ObjectNaming: Sendable {
  /// What `encoded` gave, [listings, names, L].
  let names: Tensor
  /// Of the cut-outs, in pixels.
  let side: Int
  /// What names them.
  let part: TrainingConfiguration.NamingPart
  /// The encoder's own naming of what is cut out, which goes on where the head names that, too.
  private let projected: ProjectedMaps?

  /// Paths of the parameters that are not the network's.
  static let path = "naming"

  /// - Parameters:
  ///   - scope: the root of the network's parameters
  ///   - names: what `encoded` gave
  ///   - side: of the cut-outs, in pixels
  ///   - part: what names them
  init(
    _ scope: Scope, _ network: GLIPConfiguration, names: Tensor, side: Int,
    part: TrainingConfiguration.NamingPart
  ) throws {
    (self.names, self.side, self.part) = (names, side, part)
    projected = part == .places ? nil : try ProjectedMaps(scope / Self.path, network)
  }

  /// Lists that names are encoded in, and how many are in one.
  private static let (listings, namesOfList) = (8, 16)

  /// What the text encoder makes of names in lists: the means of their words' unit vectors, [listings, names, L]. In prompts
  /// words take on something of what stands beside them, so all names are put into lists several times, in another order
  /// each time.
  static func encoded(_ names: [String], by model: GLIPModel, device: Device) throws -> Tensor {
    let tokenizer = try WordPieceTokenizer.bertUncased()
    // [CLS], name, full stop, [SEP].
    let alone = names.map { tokenizer.tokenize(ClassPrompt.cleaned($0) + ".", maximumCount: 64).ids }
    return try withoutGradient {
      let encoded = try (0..<listings).map { listing in
        var generator = SeededGenerator(seed: UInt64(listing))
        let order = Array(names.indices).shuffled(using: &generator)
        let rows = try stride(from: 0, to: order.count, by: namesOfList).map { start in
          let list = order[start..<min(start + namesOfList, order.count)].map { alone[$0] }
          let words = list.map { $0.dropFirst().dropLast() }
          let prompt = list[0].prefix(1) + words.joined() + list[0].suffix(1)
          let features = try unit(
            model.encode(prompts: PaddedPrompts([Array(prompt)], device: device).ids).to(.float32))
          var end = 1
          return try Tensor.concatenated(
            words.map { tokens in
              end += tokens.count
              // The full stop is no part of the name.
              return try features.sliced(1, end - tokens.count..<end - 1).mean([1])
            }, dimension: 0)
        }
        var places = [Int64](repeating: 0, count: order.count)
        for (place, name) in order.enumerated() { places[name] = Int64(place) }
        return try Tensor.concatenated(rows, dimension: 0)
          .picked(Tensor(places).to(device: device), dimension: 0)
      }
      return try Tensor.stacked(encoded)
    }
  }

  /// How well the objects of a batch are named.
  struct Result {
    /// The mean cross-entropy, a single float32; 0 where there is no object.
    var loss: Tensor
    /// Objects, or places, that are named right by the encoder's last map, the head's finest level or the place's own, and
    /// all.
    var rightCount: Int
    var count: Int
  }

  /// - Parameter generator: moves and widens the cut-outs, and chooses one of the lists; nil for the same ones always
  func callAsFunction(
    _ batch: Batch, by model: GLIPModel, device: Device, using generator: inout SeededGenerator?
  ) throws -> Result {
    let cutOuts = part == .places ? nil : try CutOuts(batch, side: side, using: &generator)
    let listing = generator == nil ? 0 : Int.random(in: 0..<Self.listings, using: &generator!)
    let names = try names.selected(0, listing)
    let asked =
      try cutOuts.map { try ask($0, by: model, device: device, names: names) }
      ?? ask(placesOf: batch, by: model, device: device, names: names)
    let count = asked.classes.count
    let answers = try Tensor(count == 0 ? [0] : asked.classes.map(Int64.init)).to(device: device)
    // Those that count come first.
    let logits = asked.aligned + asked.projected
    let losses = try logits.map { try $0.crossEntropy(answers) } + asked.aligned.map(Self.offset)
    let rightCount = try withoutGradient {
      let own = try logits[0].gathered(answers.reshaped(-1, 1), dimension: 1)
      return Int(try (own - logits[0].maximum([1], keepingRank: true) >= 0).to(.float32).sum().item())
    }
    let weight = count == 0 ? 0 : 1 / Double(logits.count)
    return Result(
      loss: try losses.dropFirst().reduce(losses[0]) { try $0 + $1 } * weight,
      rightCount: count == 0 ? 0 : rightCount, count: count)
  }

  /// What the things that are asked about are, and logits [things, names] by the head and by the encoder alone; of one thing
  /// where there is none.
  private typealias Asked = (classes: [Int], aligned: [Tensor], projected: [Tensor])

  /// About objects that are cut out.
  private func ask(_ cutOuts: CutOuts, by model: GLIPModel, device: Device, names: Tensor) throws -> Asked {
    let maps = try model.maps(of: cutOuts.mosaics.to(device: device))
    let regions = part == .head ? try model.regions(of: maps) : []
    let aligned = try regions.filter { $0.size(2) >= cutOuts.across }.map {
      try align(cutOuts.averages(of: $0.to(.float32)), by: model, names: names)
    }
    return (cutOuts.classes, aligned, try projected?.logits(cutOuts, maps, names: names) ?? [])
  }

  /// About the places of whole pictures at which detection is to find the objects.
  private func ask(placesOf batch: Batch, by model: GLIPModel, device: Device, names: Tensor) throws -> Asked
  {
    let shapes = PyramidLevels.Shape.pyramid(height: batch.pixels.size(2), width: batch.pixels.size(3))
    let anchors = Anchors.boxes(shapes)
    var (classes, places) = ([Int](), [Int64]())
    for (picture, targets) in batch.targets.enumerated() {
      let boxes = targets.boxes.map { SIMD4(Float($0.x0), Float($0.y0), Float($0.x1), Float($0.y1)) }
      let assignment = ATSSAssignment(boxes, levels: shapes, anchors: anchors)
      for (anchor, box) in assignment.boxes.enumerated() {
        guard let label = box.flatMap({ targets.classes[$0] }) else { continue }
        classes.append(label)
        places.append(Int64(picture * anchors.count + anchor))
      }
    }
    let regions = try model.regions(of: model.maps(of: batch.pixels.to(device: device)))
    let asked = try PyramidLevels(regions).rows.flattened(from: 0, through: 1)
      .picked(Tensor(places.isEmpty ? [0] : places).to(device: device), dimension: 0)
    return (classes, [try align(asked.to(.float32), by: model, names: names)], [])
  }

  private func align(_ regions: Tensor, by model: GLIPModel, names: Tensor) throws -> Tensor {
    try model.align(regions, names: names).to(.float32) * Self.sharpness
  }

  /// What the alignment's logits are multiplied by. Detection asks all positions, most of them background, which has not been
  /// seen here: logits as large as a softmax likes them would be so many errors there that the first steps undid what was
  /// learnt.
  private static let sharpness = 4.0

  /// Keeps logits around zero, on which the softmax does not depend, but the alignment's sigmoids do.
  private static func offset(of logits: Tensor) throws -> Tensor {
    let middle = try logits.logSumExp([1]) - log(Double(logits.size(1)))
    return try (middle * middle).mean([0]) * 0.01
  }

  /// The encoder's own naming.
  private struct ProjectedMaps {
    /// Of the maps with strides 32 and 16, channels to L.
    let projections: [Linear]
    /// Logarithm of what cosines are multiplied by, [1].
    let logScale: Tensor

    init(_ scope: Scope, _ network: GLIPConfiguration) throws {
      projections = try [3, 2].map { stage in
        try Linear(
          scope / "projection\(stage)", inputs: network.swin.channels << stage, outputs: network.bert.width)
      }
      logScale = try scope.parameter("log_scale", [1], .constant(log(14)))
    }

    /// - Parameter names: [names, L]
    func logits(_ cutOuts: CutOuts, _ maps: [Tensor], names: Tensor) throws -> [Tensor] {
      // Less what all have in common, which tells nothing, and of which there is much.
      let answers = try ObjectNaming.unit(names - names.mean([0], keepingRank: true)).transposed(0, 1)
      return try zip(maps.reversed(), projections).map { map, projection in
        let objects = try cutOuts.averages(of: map.to(.float32))
        return try ObjectNaming.unit(projection(objects).to(.float32)).matmul(answers)
          * logScale.exponential().clamped(min: 1, max: 100)
      }
    }
  }

  private static func unit(_ x: Tensor) throws -> Tensor {
    try x / x.norm(-1, keepingRank: true).clamped(min: 1e-12)
  }
}
