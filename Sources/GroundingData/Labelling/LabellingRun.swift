import Foundation

/// One process's share of the samples of a labelling: those whose positions are its rank, modulo the number of
/// processes, and that are in no journal yet. Hence processes need not speak with each other, and a labelling may go on
/// with another number of them.
public final class LabellingRun {
  /// Positions of the samples that are to be labelled here, ascending.
  public let indices: [Int]
  private let labeller: Labeller
  private let journal: LabelJournal
  private let policy: FaultPolicy
  /// Boxes found here.
  public private(set) var boxes = 0

  /// - Parameters:
  ///   - count: of samples in all
  ///   - policy: what happens at a sample that cannot be read
  /// - Throws: `DatasetError` if another process has the share.
  public init(
    _ labeller: Labeller, in folder: LabellingFolder, count: Int, rank: Int, processes: Int,
    policy: FaultPolicy
  ) throws {
    (self.labeller, self.policy) = (labeller, policy)
    journal = try LabelJournal(folder.journals.appending(path: "\(rank).jsonl"))
    let index = try JournalIndex(folder.journals, count: count)
    indices = stride(from: rank, to: count, by: processes).filter { !index.contains($0) }
  }

  /// Labels a sample that was prepared, and keeps the result.
  ///
  /// - Parameter prepared: throws what preparing it has thrown.
  /// - Returns: why the sample was skipped; nil for one that was not.
  /// - Throws: what ends the work.
  public func label(_ index: Int, _ prepared: () throws -> Labeller.Prepared) throws -> (any Error)? {
    let entry: LabelEntry
    do {
      entry = try labeller.label(prepared())
    } catch  where policy == .skip && Labeller.isFaultOfSample(error) {
      try journal.append(LabelEntry(index: index, id: "", failure: "\(error)"))
      return error
    }
    try journal.append(entry)
    boxes += entry.objects.count
    return nil
  }

  /// To be called when all are done.
  public func close() throws { try journal.synchronize() }
}
