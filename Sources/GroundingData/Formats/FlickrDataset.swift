import Foundation

/// Flickr30k Entities as it is published: a folder with `Sentences`, captions whose phrases are marked, and `Annotations`,
/// the boxes of what they mean. A record is a picture with one of its captions, and an object a box with a phrase.
///
/// Boxes are taken as the annotations have them, the right edge minus the left one being the width, as in the files that
/// MDETR's authors made of them.
public struct FlickrDataset: CheckedDataset {
  /// A phrase that is marked in a caption.
  public struct Phrase: Sendable, Hashable {
    /// In Unicode scalars of the caption.
    public var span: Range<Int>
    /// What it means; phrases of all captions of a picture that mean the same share it.
    public var entity: String
    /// Such as "people".
    public var types: [String]
  }

  fileprivate struct Caption: Sendable {
    var picture: String
    /// From 0, among those of the picture.
    var number: Int
    var text = ""
    var phrases: [Phrase] = []
  }

  public let name: String
  public let faults: FaultLog
  private let folder: URL
  private let pictures: PictureFolders
  private let captions: [Caption]

  /// - Parameters:
  ///   - folder: that of `Sentences` and `Annotations`
  ///   - names: a file with the pictures of a split, one a line; nil for all
  ///   - pictures: where `<id>.jpg` are
  public init(
    _ folder: URL, names: URL? = nil, pictures: PictureFolders, name: String? = nil, faults: FaultLog
  ) throws(DatasetError) {
    self.name = name ?? folder.relativePath
    (self.folder, self.pictures, self.faults) = (folder, pictures, faults)
    let sentences = folder.appending(path: "Sentences")
    var captions: [Caption] = []
    let listed = if let names { try Self.listed(in: names) } else { try Self.all(in: sentences) }
    for picture in listed {
      do throws(DatasetError) {
        captions += try Self.captions(of: picture, in: sentences)
      } catch { try faults.note(error) }
    }
    self.captions = captions
  }

  /// One on each line that is not empty.
  private static func captions(of picture: String, in sentences: URL) throws(DatasetError) -> [Caption] {
    let file = sentences.appending(path: "\(picture).txt")
    var captions: [Caption] = []
    for line in try AnnotationFile(file).text().split(whereSeparator: \.isNewline) {
      do throws(Fault) {
        captions.append(try Caption(line, picture: picture, number: captions.count))
      } catch {
        throw DatasetError(file: file, place: "caption \(captions.count + 1)", error.reason)
      }
    }
    return captions
  }

  public var format: DatasetDescription.Format? { .flickr }
  public var picturesFolder: URL? { pictures.only }
  public var classes: [ObjectClass] { [] }
  public var count: Int { captions.count }
  public func size(at index: Int) -> Record.Size? { try? annotation(at: index).size }

  /// The phrases of a record's caption, whether they have boxes or not.
  public func phrases(at index: Int) -> [Phrase] { captions[index].phrases }

  public func record(at index: Int) throws -> Record {
    let caption = captions[index]
    let annotation = try annotation(at: index)
    do {
      let size = try annotation.size
      var record = Record(
        id: "\(caption.picture)_\(caption.number)",
        picture: try pictures.source(of: "\(caption.picture).jpg"),
        size: size, text: .caption(caption.text), objects: [])
      for phrase in caption.phrases {
        for (number, object) in annotation.objects.enumerated() where object.names.contains(phrase.entity) {
          do {
            guard let box = try object.box(asWritten: size) else { continue }
            record.objects.append(Record.Object(box: box, spans: [phrase.span]))
          } catch let fault as Fault {
            try faults.note(
              DatasetError(file: file(of: caption), place: "object \(number + 1)", fault.reason))
          }
        }
      }
      return record
    } catch let fault as Fault {
      throw DatasetError(file: file(of: caption), fault.reason)
    }
  }

  private func annotation(at index: Int) throws(DatasetError) -> VOCAnnotation {
    try VOCAnnotation(file(of: captions[index]))
  }

  private func file(of caption: Caption) -> URL {
    folder.appending(path: "Annotations").appending(path: "\(caption.picture).xml")
  }

  private static func all(in sentences: URL) throws(DatasetError) -> [String] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: sentences.path) } catch {
      throw DatasetError(file: sentences, "the folder cannot be read")
    }
    return names.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
  }

  private static func listed(in list: URL) throws(DatasetError) -> [String] {
    let lines = try AnnotationFile(list).text().split(whereSeparator: \.isNewline)
    let names = lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    if let bad = names.first(where: { $0.contains("/") || $0 == ".." }) {
      throw DatasetError(file: list, "\(bad.quoted) is not the name of a picture")
    }
    return names
  }
}

extension FlickrDataset.Caption {
  /// - Parameter line: words, among them phrases as in `[/EN#283585/people A man]`
  fileprivate init(_ line: Substring, picture: String, number: Int) throws(Fault) {
    self.init(picture: picture, number: number)
    var open: (entity: String, types: [String], start: Int)?
    var length = 0
    for token in line.split(whereSeparator: \.isWhitespace) {
      if token.hasPrefix("[/") {
        guard open == nil else { throw Fault("a phrase begins within another") }
        let parts = token.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard parts[0].hasPrefix("EN#") else {
          throw Fault("\(String(token).quoted) does not begin a phrase")
        }
        open = (String(parts[0].dropFirst(3)), Array(parts.dropFirst()), length + (text.isEmpty ? 0 : 1))
        continue
      }
      let isEnd = open != nil && token.hasSuffix("]")
      let word = isEnd ? token.dropLast() : token
      let addition = (text.isEmpty ? "" : " ") + word
      text += addition
      length += addition.unicodeScalars.count
      if isEnd, let phrase = open {
        guard phrase.start < length else { throw Fault("a phrase has no word") }
        phrases.append(
          FlickrDataset.Phrase(span: phrase.start..<length, entity: phrase.entity, types: phrase.types))
        open = nil
      }
    }
    guard open == nil else { throw Fault("a phrase has no end") }
  }
}

extension VOCAnnotation.Object {
  /// The box as its corners stand in the file; nil for what has none, such as a scene.
  fileprivate func box(asWritten size: Record.Size?) throws(Fault) -> CornerBox? {
    guard corners.contains(where: { $0 != nil }) else { return nil }
    let numbers = corners.compactMap { $0.flatMap(Double.init) }
    guard numbers.count == 4 else { throw Fault("its 'bndbox' has not four numbers") }
    return try CornerBox(
      [numbers[0], numbers[1], numbers[2] - numbers[0], numbers[3] - numbers[1]], .size, in: size)
  }
}
