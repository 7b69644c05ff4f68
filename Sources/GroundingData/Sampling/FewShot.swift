import Foundation

/// A few records for each class of a detection data set.
///
/// Records are walked through, and one is taken if any of its classes is wanted yet. It counts for all of its
/// classes, so a class may come to more records than were asked for, and its objects are not counted at all.
public struct FewShot: Sendable, Hashable, Codable {
  /// Records for each class.
  public var shots: Int
  /// Shuffles the records first. Without it they are walked through by their ids, always the same ones; the
  /// authors fine-tune so, whatever seed they are given.
  public var seed: UInt64?

  public init(shots: Int, seed: UInt64? = nil) { (self.shots, self.seed) = (shots, seed) }

  /// Positions of the records in the data set, in the order in which they were taken. Reads all records; one
  /// that cannot be read is not taken.
  ///
  /// - Parameter keepsEmpty: whether a record that `GroundingDataset.withoutEmptyRecords` leaves out may be taken
  /// - Throws: `FewShotError` for a data set without a list of classes, `SettingError` for no shots.
  public func indices(in dataset: some GroundingDataset, keepsEmpty: Bool = true) throws -> [Int] {
    try SettingError.check("number of shots", shots, atLeast: 1)
    guard !dataset.classes.isEmpty else { throw FewShotError.noClasses(dataset: dataset.name) }
    var candidates = (0..<dataset.count).compactMap {
      index -> (index: Int, id: RecordID, classes: Set<Int>)? in
      guard let record = try? dataset.record(at: index), keepsEmpty || record.hasObjects else { return nil }
      return (index, RecordID(record.id), Set(record.objects.compactMap(\.classIndex)))
    }
    // The seed alone decides, not the order of the file.
    candidates.sort { $0.id < $1.id }
    if let seed {
      var generator = SeededGenerator(seed: seed)
      candidates.shuffle(using: &generator)
    }
    var wanted = [Int: Int](uniqueKeysWithValues: dataset.classes.indices.map { ($0, shots) })
    return candidates.compactMap { candidate in
      guard candidate.classes.contains(where: { wanted[$0, default: 0] > 0 }) else { return nil }
      for index in candidate.classes { wanted[index, default: 0] -= 1 }
      return candidate.index
    }
  }
}

extension GroundingDataset {
  /// The records of a few-shot selection.
  public func sampled(_ selection: FewShot, keepsEmpty: Bool = true) throws -> Subset {
    Subset(self, try selection.indices(in: self, keepsEmpty: keepsEmpty))
  }
}

public enum FewShotError: Error, Sendable, Hashable, CustomStringConvertible, LocalizedError {
  case noClasses(dataset: String)

  public var description: String {
    switch self {
    case .noClasses(let dataset):
      "\(dataset) has captions instead of classes, so there are no shots of a class."
    }
  }

  public var errorDescription: String? { description }
}

/// Numbers by their value, before all other ids.
private struct RecordID: Comparable {
  let number: Int
  let text: String

  init(_ text: String) { (number, self.text) = (Int(text) ?? .max, text) }

  static func < (left: RecordID, right: RecordID) -> Bool {
    (left.number, left.text) < (right.number, right.text)
  }
}
