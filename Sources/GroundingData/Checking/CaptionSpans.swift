import Foundation

/// Spans of a caption.
enum CaptionSpans {
  /// - Parameter pairs: begin and end in Unicode scalars.
  /// - Parameter count: of the caption's Unicode scalars.
  static func checked(_ pairs: [[Int]], count: Int) throws(Fault) -> [Range<Int>] {
    var spans: [Range<Int>] = []
    for pair in pairs {
      guard pair.count == 2 else { throw Fault("a span has \(pair.count) numbers instead of two") }
      let (begin, end) = (pair[0], pair[1])
      guard begin <= end else { throw Fault("the span [\(begin), \(end)] ends before it begins") }
      guard begin < end else { throw Fault("the span [\(begin), \(end)] is empty") }
      guard begin >= 0, end <= count else {
        throw Fault("the span [\(begin), \(end)] is outside of the caption of \(count) characters")
      }
      spans.append(begin..<end)
    }
    return spans
  }

  /// Where a phrase stands in a caption: as it is written, else in any case of letters.
  static func find(_ phrase: String, in caption: String) throws(Fault) -> Range<Int> {
    let options: [String.CompareOptions] = [.literal, [.caseInsensitive]]
    for options in options {
      guard !phrase.isEmpty, let range = caption.range(of: phrase, options: options) else { continue }
      let scalars = caption.unicodeScalars
      return scalars.distance(
        from: scalars.startIndex, to: range.lowerBound)..<scalars.distance(
          from: scalars.startIndex, to: range.upperBound)
    }
    throw Fault("the phrase \(phrase.quoted) is not in the caption")
  }
}
