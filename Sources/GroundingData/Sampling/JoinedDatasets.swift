import Foundation

/// Several data sets one after the other. A record's id is told apart by the number of its data set.
public struct JoinedDatasets: CheckedDataset {
  private let parts: [any CheckedDataset]
  /// Position of each part's first record, and the number of all.
  private let starts: [Int]
  public let faults = FaultLog(.fail)

  public init(_ parts: [any CheckedDataset]) {
    self.parts = parts
    starts = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
  }

  public var name: String { parts.map(\.name).joined(separator: ", ") }
  public var format: DatasetDescription.Format? { nil }
  public var classes: [ObjectClass] { [] }
  public var count: Int { starts[parts.count] }

  public var picturesFolder: URL? {
    let folders = parts.compactMap(\.picturesFolder)
    return folders.count == parts.count ? URL.commonFolder(folders) : nil
  }

  public func record(at index: Int) throws -> Record {
    let (part, position) = place(of: index)
    var record = try parts[part].record(at: position)
    record.id = "\(part + 1)_\(record.id)"
    return record
  }

  public func size(at index: Int) -> Record.Size? {
    let (part, position) = place(of: index)
    return parts[part].size(at: position)
  }

  private func place(of index: Int) -> (part: Int, position: Int) {
    let part = starts.lastIndex { $0 <= index } ?? 0
    return (part, index - starts[part])
  }
}
