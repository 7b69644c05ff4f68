import Foundation

/// A part-of-speech tagger for English: a greedy averaged perceptron over the word, its neighbours and
/// the two tags before (M. Honnibal, 2013). Tags are those of the Penn Treebank.
public struct PerceptronTagger: Sendable {
  private let weights: TaggerWeights

  /// - Parameter file: weights as `Scripts/convert-tagger` writes them; nil for `locate()`.
  /// - Throws: `TaggerError` if there are none, or they are broken.
  public init(file: URL? = nil) throws(TaggerError) {
    guard let file = file ?? Self.locate() else { throw .missing }
    weights = try TaggerWeights(file: file)
  }

  package init(bytes: [UInt8]) throws(TaggerError) {
    weights = try TaggerWeights(bytes: bytes, name: "given")
  }

  /// Where the weights are: the file that `GLIP_TAGGER` in the environment names, else
  /// `english.tagger` beside the program, else `.deps/tagger/english.tagger` in a folder above it.
  public static func locate() -> URL? {
    if let path = ProcessInfo.processInfo.environment["GLIP_TAGGER"], !path.isEmpty {
      return URL(fileURLWithPath: path)
    }
    guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
    var folder = program.deletingLastPathComponent()
    var places = [folder.appending(path: "english.tagger")]
    while folder.path != "/" {
      places.append(folder.appending(path: ".deps/tagger/english.tagger"))
      folder.deleteLastPathComponent()
    }
    return places.first { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// The tag of every word.
  /// - Parameter words: the words of one sentence, none of them empty.
  public func tags(of words: [String]) -> [String] {
    let context = ["-START-", "-START2-"] + words.map(Self.normalized) + ["-END-", "-END2-"]
    var (previous, beforePrevious) = ("-START-", "-START2-")
    return words.enumerated().map { index, word in
      let tag =
        weights.words[ArraySlice(word.utf8)].map { weights.classes[$0] }
        ?? best(Self.features(of: word, at: index + 2, in: context, previous, beforePrevious))
      (previous, beforePrevious) = (tag, previous)
      return tag
    }
  }

  /// The tag with the highest sum of weights; of equal ones the last in alphabetical order.
  private func best(_ features: [String]) -> String {
    var scores = [Double](repeating: 0, count: weights.classes.count)
    for feature in features {
      for (tag, weight) in weights.weights(of: feature) { scores[Int(tag)] += weight }
    }
    var best = 0
    for index in scores.indices where scores[index] >= scores[best] { best = index }
    return weights.classes[best]
  }

  /// Words that are written in many ways count as one.
  private static func normalized(_ word: String) -> String {
    let scalars = word.unicodeScalars
    if scalars.contains("-"), scalars.first != "-" { return "!HYPHEN" }
    guard let first = scalars.first, isDigit(first) else { return word.lowercased() }
    return scalars.count == 4 && scalars.allSatisfy(isDigit) ? "!YEAR" : "!DIGITS"
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    let type = scalar.properties.numericType
    return type == .decimal || type == .digit
  }

  /// The features in the order in which the weights were trained and are summed.
  private static func features(
    of word: String, at index: Int, in context: [String], _ previous: String, _ beforePrevious: String
  ) -> [String] {
    func ending(_ word: String) -> String { String(word.unicodeScalars.suffix(3)) }
    return [
      "bias",
      "i suffix \(ending(word))",
      "i pref1 \(String(word.unicodeScalars.prefix(1)))",
      "i-1 tag \(previous)",
      "i-2 tag \(beforePrevious)",
      "i tag+i-2 tag \(previous) \(beforePrevious)",
      "i word \(context[index])",
      "i-1 tag+i word \(previous) \(context[index])",
      "i-1 word \(context[index - 1])",
      "i-1 suffix \(ending(context[index - 1]))",
      "i-2 word \(context[index - 2])",
      "i+1 word \(context[index + 1])",
      "i+1 suffix \(ending(context[index + 1]))",
      "i+2 word \(context[index + 2])",
    ]
  }
}
