import Foundation

/// A data set that tells what is wrong with it. Under `FaultPolicy.skip` an object that is malformed is missing from
/// its record, and a record of which nothing can be used is thrown by `record(at:)` under either policy.
public protocol CheckedDataset: GroundingDataset {
  /// Nil for one that is in no file.
  var format: DatasetDescription.Format? { get }
  var faults: FaultLog { get }
  /// What the names of pictures are relative to; nil where they are within other files, or in several folders.
  var picturesFolder: URL? { get }

  /// Looks for what no single record shows, such as an id that occurs twice; may read all files.
  func validateFiles() throws(DatasetError)
}

extension CheckedDataset {
  public var picturesFolder: URL? { nil }
  public func validateFiles() throws(DatasetError) {}
}

extension GroundingDataset {
  /// The record, or nil where it is malformed and such are skipped; it is then in the log.
  public func soundRecord(at index: Int) throws -> Record? {
    do {
      return try record(at: index)
    } catch let error as DatasetError {
      guard let faults = (self as? any CheckedDataset)?.faults else { throw error }
      try faults.note(error)
      return nil
    }
  }
}
