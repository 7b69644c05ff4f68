import Foundation

/// Which samples are in the journals of a folder, and where: 8 bytes of memory a sample.
package struct JournalIndex {
  private let journals: [LineIndex]
  /// Journal and line of each sample.
  private var places: [Place]
  package private(set) var doneCount = 0

  private struct Place {
    var journal: Int32 = -1
    var line: UInt32 = 0
  }

  /// Reads all journals. A line that is damaged or speaks of no sample counts as not there; of two lines of one sample
  /// the first counts.
  ///
  /// - Parameter count: of samples.
  package init(_ folder: URL, count: Int) throws(DatasetError) {
    places = [Place](repeating: Place(), count: count)
    var journals: [LineIndex] = []
    for url in try Self.files(in: folder) {
      guard (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0 > 0 else { continue }
      let lines = LineIndex(try AnnotationFile(url))
      for line in 0..<lines.count {
        guard let object = try? lines.object(in: lines.range(at: line)),
          let index = try? object.integer("index"), places.indices.contains(index),
          places[index].journal < 0
        else { continue }
        places[index] = Place(journal: Int32(journals.count), line: UInt32(line))
        doneCount += 1
      }
      journals.append(lines)
    }
    self.journals = journals
  }

  package var isComplete: Bool { doneCount == places.count }

  package func contains(_ index: Int) -> Bool { places[index].journal >= 0 }

  /// - Throws: `DatasetError` if the line is not what a journal holds.
  package func entry(at index: Int) throws(DatasetError) -> LabelEntry {
    let place = places[index]
    let lines = journals[Int(place.journal)]
    do { return try LabelEntry(lines.object(in: lines.range(at: Int(place.line)))) } catch {
      throw lines.file.error("line \(place.line + 1)", error)
    }
  }

  /// Journals, in an order that is always the same.
  static func files(in folder: URL) throws(DatasetError) -> [URL] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
      throw DatasetError(file: folder, "the journals cannot be read")
    }
    return names.filter { $0.hasSuffix(".jsonl") }.sorted().map { folder.appending(path: $0) }
  }
}
