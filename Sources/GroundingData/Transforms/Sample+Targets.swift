import GLIP

extension Sample {
  /// What the network should give for the sample at its present size.
  ///
  /// A box all of whose words were cut off with the end of a long prompt is tied to no token, and remains: it
  /// is an object of nothing that the text names, for the authors too.
  ///
  /// - Parameter tokens: of the caption
  public func targets(_ tokens: TokenizedText) -> PictureTargets {
    let named = objects.map { object in object.spans.map(tokens.tokens(covering:)).filter { !$0.isEmpty } }
    let asked: [Range<Int>]? =
      switch self.asked {
      case .nothing: nil
      case .objects: Array(named.joined())
      case .everything: [1..<max(tokens.ids.count - 1, 1)]  // between [CLS] and [SEP]
      }
    return PictureTargets(
      boxes: objects.map(\.box), tokens: named, classes: objects.map(\.classIndex), asked: asked)
  }
}
