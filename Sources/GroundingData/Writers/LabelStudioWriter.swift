import Foundation

/// Label Studio's tasks: boxes with a score are predictions, to be looked through there, those without are annotations.
/// Boxes are in per cent of the picture. Pictures are named as that program names files of a local storage whose root is
/// the pictures' folder. Beside the tasks goes the configuration of a project that shows them.
final class LabelStudioWriter: DatasetWriter {
  private(set) var omittedObjects = 0
  private let file: OutputFile
  private let configuration: OutputFile
  private let classes: [ObjectClass]
  private let pictures: PictureNames
  private let model: String
  private var count = 0
  /// Names of the boxes, for the project's configuration.
  private var labels: Set<String> = []
  private var hasCaptions = false

  init(_ url: URL, classes: [ObjectClass], pictures: PictureNames, model: String?) throws {
    (self.classes, self.pictures, self.model) = (classes, pictures, model ?? "glip")
    file = try OutputFile(url)
    configuration = try OutputFile(Self.configuration(of: url))
  }

  /// `tasks.json` has the configuration of its project in `tasks.xml`.
  static func configuration(of url: URL) -> URL { url.deletingPathExtension().appendingPathExtension("xml") }

  func write(_ record: Record) throws {
    let size = try record.knownSize()
    let name = try pictures.name(of: record)
    var caption: String?
    if case .caption(let text) = record.text {
      caption = text
    } else {
      try record.requireClasses("Label Studio's form", classes)
    }
    hasCaptions = hasCaptions || caption != nil
    omittedObjects += record.objects.count { $0.isCrowd }
    let scalars = caption.map { Array($0.unicodeScalars) }
    var (predicted, drawn) = ([String](), [String]())
    for (number, object) in record.objects.enumerated() where !object.isCrowd {
      let label = object.name(in: scalars, classes)
      labels.insert(label)
      let region = Self.region(object, label, number: number + 1, in: size)
      if object.score == nil { drawn.append(region) } else { predicted.append(region) }
    }
    let scores = record.objects.filter { !$0.isCrowd }.compactMap(\.score)
    let prediction = JSONText.object([
      ("model_version", JSONText.string(model)),
      ("score", scores.isEmpty ? nil : JSONText.number(scores.reduce(0, +) / Double(scores.count))),
      ("result", JSONText.list(predicted)),
    ])
    let annotation = JSONText.object([("result", JSONText.list(drawn))])
    let task = JSONText.object([
      ("id", "\(count + 1)"),
      (
        "data",
        JSONText.object([
          ("image", JSONText.string("/data/local-files/?d=\(Self.escaped(name))")),
          ("caption", caption.map(JSONText.string)),
        ])
      ),
      ("predictions", JSONText.list(predicted.isEmpty && !drawn.isEmpty ? [] : [prediction])),
      ("annotations", drawn.isEmpty ? nil : JSONText.list([annotation])),
    ])
    try file.write((count == 0 ? "[\n" : ",\n") + task)
    count += 1
  }

  func finish() throws {
    try file.write(count == 0 ? "[]\n" : "\n]\n")
    let names = classes.isEmpty ? labels.sorted() : classes.map(\.name)
    let list = names.map { "    <Label value=\"\(XMLText.escaped($0))\"/>\n" }.joined()
    try configuration.write(
      """
      <View>
      \(hasCaptions ? "  <Text name=\"caption\" value=\"$caption\"/>\n" : "")\
        <Image name="image" value="$image"/>
        <RectangleLabels name="label" toName="image">
      \(list)  </RectangleLabels>
      </View>

      """)
    try configuration.commit()
    try file.commit()
  }

  private static func region(
    _ object: Record.Object, _ label: String, number: Int, in size: Record.Size
  ) -> String {
    let (x, y) = (100 / Double(size.width), 100 / Double(size.height))
    let value = JSONText.object([
      ("x", JSONText.number(object.box.x0 * x)), ("y", JSONText.number(object.box.y0 * y)),
      ("width", JSONText.number(object.box.width * x)), ("height", JSONText.number(object.box.height * y)),
      ("rotation", "0"), ("rectanglelabels", JSONText.list([JSONText.string(label)])),
    ])
    return JSONText.object([
      ("id", "\"\(number)\""), ("type", "\"rectanglelabels\""), ("from_name", "\"label\""),
      ("to_name", "\"image\""), ("original_width", "\(size.width)"), ("original_height", "\(size.height)"),
      ("image_rotation", "0"), ("value", value), ("score", object.score.map(JSONText.number)),
    ])
  }

  private static func escaped(_ name: String) -> String {
    name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? name
  }
}

extension Record.Object {
  /// What the object is called: the words of the caption, or its class.
  fileprivate func name(in caption: [Unicode.Scalar]?, _ classes: [ObjectClass]) -> String {
    guard let caption else { return classIndex.map { classes[$0].name } ?? "" }
    return spans.map { span in
      String(String.UnicodeScalarView(caption[span.clamped(to: caption.indices)]))
    }.joined(separator: " ")
  }
}
