import Foundation
import Synchronization

extension SyntheticDataset {
  /// Scenes composed at a time, on all processors.
  private static let chunk = 128

  /// Writes all scenes into a folder that is not there yet; it appears when it is complete. A format of one file
  /// becomes `annotations` with its extension, beside `images`; a format that is a folder becomes `data`. What the view
  /// of captions keeps back goes into `boxes.jsonl`, in ODVG's form.
  ///
  /// - Parameter progress: called with the number of scenes that are done
  /// - Throws: `DatasetError`, or an error of writing.
  public func write(
    to folder: URL, as format: WrittenFormat, progress: (Int) -> Void = { _ in }
  ) throws {
    let output = try OutputFolder(folder)
    let images = output.url.appending(path: "images")
    let target = format.isFolder ? "data" : format == .odvg ? "annotations.jsonl" : "annotations.json"
    let writer = try format.writer(
      to: output.url.appending(path: target), classes: classes, pictures: .copied(to: images))
    let answers = try settings.view == .captions ? OutputFile(output.url.appending(path: "boxes.jsonl")) : nil
    for start in stride(from: 0, to: count, by: Self.chunk) {
      for (record, answer) in try made(start..<min(start + Self.chunk, count)) {
        try writer.write(record)
        try answers?.write(answer)
      }
      progress(min(start + Self.chunk, count))
    }
    try writer.finish()
    try answers?.commit()
    try output.commit()
  }

  /// Records whose pictures are encoded already, and lines with their boxes.
  private func made(_ indices: Range<Int>) throws -> [(Record, String)] {
    let results = Mutex([Int: Result<(Record, String), any Error>]())
    DispatchQueue.concurrentPerform(iterations: indices.count) { position in
      let result = Result {
        var record = try record(at: indices.lowerBound + position)
        let bytes = try record.picture.bytes()
        record.picture = .made(MadePicture(name: record.picture.name) { bytes })
        return (record, try answerLine(indices.lowerBound + position))
      }
      results.withLock { $0[position] = result }
    }
    let all = results.withLock { $0 }
    return try (0..<indices.count).compactMap { try all[$0]?.get() }
  }

  private func answerLine(_ index: Int) throws -> String {
    guard settings.view == .captions else { return "" }
    let answer = answer(at: index)
    let size = try answer.knownSize()
    let content = try ODVGText.content(of: answer, classes: [])
    return JSONText.object([
      ("filename", JSONText.string(answer.fileStem + ".jpg")), ("height", "\(size.height)"),
      ("width", "\(size.width)"), content,
    ]) + "\n"
  }
}
