import Foundation
import GLIP
import Torch

/// One pass of a network over a data set. What is found on a picture is kept as soon as it is done, so that a pass that
/// was interrupted goes on where it was; several processes share the pictures.
public final class EvaluationRun {
  public enum Ending: Sendable { case finished, interrupted }

  public let data: EvaluationData

  /// - Parameters:
  ///   - settings: what detections depend on, by name; a pass is resumed with the same ones only
  ///   - results: the folder that detections are kept in; nil to keep them in memory, for a single process
  ///   - isResuming: whether to go on with what is in the folder
  ///   - group: the processes; the folder must be one that they all see
  /// - Throws: `EvaluationError` or `RunLogError`.
  public init(
    _ data: EvaluationData, settings: [String: String], results: URL?, isResuming: Bool = false,
    group: ProcessGroup? = nil
  ) throws {
    fatalError()
  }

  /// Looks at the pictures that are left.
  ///
  /// - Parameters:
  ///   - progress: told how many of how many are done by this process
  ///   - shouldStop: looked at after every picture
  public func run(
    _ detecting: any PictureDetecting, progress: (_ done: Int, _ count: Int) -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws -> Ending {
    fatalError()
  }

  /// What all processes have found, once the pass is finished.
  public func found() throws -> FoundObjects { fatalError() }
}
