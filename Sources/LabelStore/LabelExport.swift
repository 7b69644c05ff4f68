import Foundation
import GRDB
import GroundingData
import Pictures

// GRDB has another.
private typealias Record = GroundingData.Record

/// A project's labels as a file for other programs.
package enum ExportFormat: String, Sendable, CaseIterable {
  /// COCO's JSON; the network's boxes have their scores.
  case coco
  /// A ZIP archive of YOLO's text files and `data.yaml`.
  case yolo

  /// Media type.
  package var type: String { self == .coco ? "application/json" : "application/zip" }
  package var suffix: String { self == .coco ? "json" : "zip" }
}

extension LabelStore {
  /// Writes the labels of a project as they are at this moment. It blocks, and takes little memory.
  ///
  /// Pictures that are new and have no box are left out: nobody has said that there is nothing on them. So are the
  /// network's boxes below the project's threshold on pictures that nobody has reviewed.
  ///
  /// - Parameter isReviewed: whether to take reviewed pictures only
  /// - Returns: the file, which is gone when it is closed.
  /// - Throws: `LabelStoreError.noProject`, or an error of writing.
  package func export(_ project: Int, as format: ExportFormat, isReviewed: Bool) throws -> FileHandle {
    let url = exports.appending(path: UUID().uuidString)
    defer { unlink(url.path) }
    try database.read { db in
      let facts = try Self.project(project, db)
      let classes = facts.labels.enumerated().map { ObjectClass(id: $0 + 1, name: $1) }
      let writer: any DatasetWriter =
        switch format {
        case .coco:
          try WrittenFormat.coco.writer(to: url, classes: classes, pictures: .called(\.picture.name))
        case .yolo: try YOLOArchive(url, classes: classes)
        }
      let pictures = try Row.fetchCursor(
        db,
        sql: LabelledPicture.query + " WHERE project = ? AND (reviewed OR NOT ?) ORDER BY id",
        arguments: [project, isReviewed])
      while let row = try pictures.next() {
        let picture = LabelledPicture(row)
        guard picture.state != .new || picture.boxes > 0 else { continue }
        try writer.write(record(picture, facts, db))
      }
      try writer.finish()
    }
    return try FileHandle(forReadingFrom: url)
  }

  private func record(_ picture: LabelledPicture, _ project: LabelProject, _ db: Database) throws -> Record {
    let boxes = try Self.boxes(of: picture.id, of: project.id, db)
    let objects = boxes.boxes.compactMap { box -> Record.Object? in
      if boxes.state != .reviewed, let score = box.score, score <= project.threshold { return nil }
      // The annotations' own convention: the last pixel, not the edge.
      return Record.Object(
        box: CornerBox(x0: box.x, y0: box.y, x1: box.x + box.width - 1, y1: box.y + box.height - 1),
        classIndex: project.labels.firstIndex(of: box.label), score: box.score)
    }
    // Of the source, writers take no more than the name.
    let source = MadePicture(name: picture.name) { () throws(PictureError) in
      throw .unreadable(name: picture.name, reason: "only its labels are exported")
    }
    return Record(
      id: "\(picture.id)", picture: .made(source), size: .init(width: picture.width, height: picture.height),
      text: .classes, objects: objects)
  }
}
