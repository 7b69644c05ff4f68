import Foundation
import Pictures
import SwiftProtobuf

/// A file of events that TensorBoard shows while it grows.
///
/// TensorBoard reads all event files of a folder in the order of their names, so a run that is resumed goes on in a
/// new file, whose beginning takes back what earlier ones hold of steps that are computed anew.
public final class EventFile {
  public var url: URL { file.url }
  private let file: AppendedFile

  /// Makes a new event file.
  ///
  /// - Parameters:
  ///   - folder: where it lies, beside those of the same run
  ///   - step: the last step that stays of what earlier files hold; `nil` for a run from the start
  public init(in folder: URL, resumingAfter step: Int? = nil) throws(RunLogError) {
    file = try AppendedFile(folder.appending(path: Self.nextName(in: folder)), isNew: true)
    try append(step: 0, at: Date(), .fileVersion("brain.Event:2"))
    if let step {
      try append(step: step + 1, at: Date(), .sessionLog(.with { $0.status = .start }))
    }
  }

  /// Appends numbers of one step. TensorBoard puts curves whose tags share what precedes a slash together.
  public func append(step: Int, at date: Date = Date(), scalars: [String: Double]) throws(RunLogError) {
    let values = scalars.sorted { $0.key < $1.key }.map { tag, number in
      TensorBoardSummary.Value.with {
        $0.tag = tag
        $0.simpleValue = Float(number)
      }
    }
    try append(step: step, at: date, .summary(.with { $0.value = values }))
  }

  /// Appends a picture.
  ///
  /// - Throws: `PictureError` where it cannot be encoded as PNG, `RunLogError` where it cannot be written
  public func append(step: Int, at date: Date = Date(), picture: Picture, tag: String) throws {
    let png = try picture.encoded(as: .png)
    let value = TensorBoardSummary.Value.with {
      $0.tag = tag
      $0.image.width = Int32(picture.width)
      $0.image.height = Int32(picture.height)
      $0.image.colorspace = 3
      $0.image.encodedImageString = png
    }
    try append(step: step, at: date, .summary(.with { $0.value = [value] }))
  }

  /// Appends text, which TensorBoard shows as Markdown.
  public func append(step: Int, at date: Date = Date(), text: String, tag: String) throws(RunLogError) {
    let value = TensorBoardSummary.Value.with {
      $0.tag = tag
      $0.metadata.pluginData.pluginName = "text"
      $0.tensor.dtype = .string
      $0.tensor.tensorShape.dim = [.with { $0.size = 1 }]
      $0.tensor.stringVal = [Data(text.utf8)]
    }
    try append(step: step, at: date, .summary(.with { $0.value = [value] }))
  }

  private func append(
    step: Int, at date: Date, _ what: TensorBoardEvent.OneOf_What
  ) throws(RunLogError) {
    let event = TensorBoardEvent.with {
      $0.wallTime = date.timeIntervalSince1970
      $0.step = Int64(step)
      $0.what = what
    }
    let record: Data
    do { record = try event.serializedData() } catch {
      throw RunLogError(.inaccessible, file.url, "cannot hold an event of 2 GB or more")
    }
    try file.append(RecordFraming.framed(record))
  }

  /// Foundation's `hostName` would ask the network.
  private static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The beginning of every event file's name; seconds since 1970 follow.
  static let prefix = "events.out.tfevents."

  /// A name that comes after those of the folder's event files, even if less than a second has passed.
  private static func nextName(in folder: URL) -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let latest = names.filter { $0.hasPrefix(prefix) }.compactMap { name in
      Int(name.dropFirst(prefix.count).prefix { $0.isNumber })
    }.max()
    // A number out of the ordinary is no time of ours.
    let next = latest.flatMap { $0 < 9_999_999_999 ? $0 + 1 : nil } ?? 0
    let time = String(format: "%010d", max(next, Int(Date().timeIntervalSince1970)))
    return "\(prefix)\(time).\(host).\(getpid())"
  }
}
