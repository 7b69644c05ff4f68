import Foundation

/// Pictures with captions like those of Flickr30k Entities, and the files that say so in both forms.
struct CaptionedData {
  struct Phrase {
    var text: String
    /// What it means, and of which type that is.
    var entity: Int
    var type: String
  }

  struct Caption {
    var picture: Int
    /// Words, and in their places positions of phrases.
    var parts: [Part]
    var phrases: [Phrase]
  }

  enum Part {
    case word(String)
    case phrase(Int)
  }

  var captions: [Caption] = []
  /// x0, y0, x1, y1 by picture and entity; entities without a box are not there.
  var boxes: [[Int: [[Int]]]] = []

  /// Two captions a picture; entity 1 has two boxes, entity 3 none.
  init(pictures: Int) {
    for picture in 0..<pictures {
      let shift = 3 * picture
      boxes.append([
        1: [[shift, 2, shift + 30, 40], [shift + 20, 10, shift + 70, 60]],
        2: [[5, 20 + picture, 60, 50 + picture]],
      ])
      let cat = Phrase(text: "A gray cat", entity: 1, type: "animals")
      let cup = Phrase(text: "the café's cup", entity: 2, type: "other")
      let day = Phrase(text: "a sunny day", entity: 3, type: "scene")
      captions.append(
        Caption(
          picture: picture,
          parts: [.phrase(0), .word("sits"), .word("by"), .phrase(1), .word("on"), .phrase(2), .word(".")],
          phrases: [cat, cup, day]))
      captions.append(
        Caption(
          picture: picture, parts: [.word("Someone's"), .phrase(0), .word("waits"), .word(".")],
          phrases: [Phrase(text: "pet", entity: 1, type: "animals")]))
    }
  }

  /// The text of a caption, and the span of each phrase in Unicode scalars.
  static func text(_ caption: Caption) -> (text: String, spans: [[Int]]) {
    var (text, spans) = ("", [[Int]](repeating: [], count: caption.phrases.count))
    for part in caption.parts {
      if !text.isEmpty { text += " " }
      let start = text.unicodeScalars.count
      switch part {
      case .word(let word): text += word
      case .phrase(let index):
        text += caption.phrases[index].text
        spans[index] = [start, text.unicodeScalars.count]
      }
    }
    return (text, spans)
  }

  static func id(_ record: Int) -> Int { 500 - record }

  /// Phrases of a record that have boxes, which are those that are asked for.
  func asked(_ record: Int) -> [Phrase] {
    captions[record].phrases.filter { boxes[captions[record].picture][$0.entity] != nil }
  }

  /// MDETR's form.
  var grounding: [String: Any] {
    var images: [[String: Any]] = []
    var annotations: [[String: Any]] = []
    for (record, caption) in captions.enumerated() {
      let (text, spans) = Self.text(caption)
      var asked: [[[Int]]] = []
      for (index, phrase) in caption.phrases.enumerated() {
        guard let found = boxes[caption.picture][phrase.entity] else { continue }
        asked.append([spans[index]])
        for box in found {
          annotations.append([
            "id": annotations.count, "image_id": Self.id(record), "category_id": 1, "iscrowd": 0,
            "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]], "tokens_positive": [spans[index]],
          ])
        }
      }
      images.append([
        "id": Self.id(record), "file_name": "\(caption.picture).png", "width": "96", "height": "64",
        "caption": text, "tokens_positive_eval": asked, "dataset_name": "flickr",
      ])
    }
    return ["images": images, "annotations": annotations, "categories": [["id": 1, "name": "object"]]]
  }

  /// Writes the published form.
  func write(to folder: String, in workspace: Workspace) throws {
    for picture in boxes.indices {
      let lines = captions.filter { $0.picture == picture }.map { caption in
        caption.parts.map { part in
          switch part {
          case .word(let word): return word
          case .phrase(let index):
            let phrase = caption.phrases[index]
            return "[/EN#\(phrase.entity)/\(phrase.type) \(phrase.text)]"
          }
        }.joined(separator: " ")
      }
      try workspace.write(lines.joined(separator: "\n") + "\n", to: "\(folder)/Sentences/\(picture).txt")
      let objects = boxes[picture].sorted { $0.key < $1.key }.flatMap { entity, boxes in
        boxes.map { box in
          "<object><name>\(entity)</name><bndbox><xmin>\(box[0])</xmin><ymin>\(box[1])</ymin>"
            + "<xmax>\(box[2])</xmax><ymax>\(box[3])</ymax></bndbox></object>"
        }
      }
      try workspace.write(
        "<annotation><filename>\(picture).jpg</filename><size><width>96</width><height>64</height>"
          + "<depth>3</depth></size>\(objects.joined())"
          + "<object><name>3</name><scene>1</scene><nobndbox>0</nobndbox></object></annotation>",
        to: "\(folder)/Annotations/\(picture).xml")
    }
  }
}
