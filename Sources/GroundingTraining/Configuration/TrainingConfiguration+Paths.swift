import Foundation
import GroundingData

extension TrainingConfiguration {
  /// The same with absolute paths, so that it means the same wherever it is kept.
  ///
  /// - Parameter folder: which relative paths are relative to: that of the file it was read from
  public func resolvingPaths(relativeTo folder: URL) -> TrainingConfiguration {
    func absolute(_ path: String) -> String {
      path.hasPrefix("/") ? path : folder.appending(path: path).standardizedFileURL.path
    }
    func absolute(_ data: DatasetDescription) -> DatasetDescription {
      var data = data
      data.annotations = absolute(data.annotations)
      data.pictures = data.pictures.map(absolute)
      data.picturesBySource = data.picturesBySource?.mapValues(absolute)
      data.labelMap = data.labelMap.map(absolute)
      data.list = data.list.map(absolute)
      return data
    }
    var result = self
    result.network.checkpoint = network.checkpoint.map(absolute)
    result.network.backbone = network.backbone.map(absolute)
    result.network.head = network.head.map(absolute)
    result.network.language = network.language.map(absolute)
    for index in data.training.indices {
      result.data.training[index].data = absolute(data.training[index].data)
    }
    result.validation.data = validation.data.map(absolute)
    return result
  }
}
