import GLIP
import GroundingData
import Torch

/// How often objects of a data set are named right; the pictures are shared among the processes.
struct NamingValidation: Sendable {
  private let set: TrainingSet
  private let batching: Batching
  private let batches: Int

  /// - Parameter names: the names of the data that is trained on; here they must be the same
  init(
    _ settings: TrainingConfiguration.ValidationSettings, names: [String], group: ProcessGroup?
  ) throws {
    guard let description = settings.data else { preconditionFailure("there is a data set") }
    let dataset = try description.open()
    guard dataset.classes.map(\.name) == names else {
      throw ConfigurationError("\(dataset.name) has other classes than the data that is trained on")
    }
    set = try TrainingSet(
      [TrainingSet.Part(dataset)],
      augmentation: .none(shortSide: settings.shortSide, longestSide: settings.longestSide ?? 65_535),
      tokenizer: .bertUncased(), groupsShapes: false)
    let processes = group?.size ?? 1
    batching = Batching(
      size: max(min(16, dataset.count / processes), 1), rank: group?.rank ?? 0, processes: processes)
    batches = try EpochOrder(set, epoch: 0, batching).count
  }

  /// Figures by name, from 0 to 1; the same on all processes.
  func callAsFunction(
    _ naming: ObjectNaming, by model: GLIPModel, device: Device, group: ProcessGroup?,
    progress: (Int, Int) -> Void
  ) throws -> [String: Double] {
    let loader = try BatchLoader(set, batching, epochs: 1)
    var (right, count, done) = (0, 0, 0)
    while let batch = try loader.next() {
      var generator: SeededGenerator?
      let result = try withoutGradient { try naming(batch, by: model, device: device, using: &generator) }
      (right, count, done) = (right + result.rightCount, count + result.count, done + 1)
      progress(done * batching.size, batches * batching.size)
    }
    let sums = try Tensor([Double(right), Double(count)])
    try group?.reduce([sums], .mean)
    let means = try sums.elements(Double.self)
    return means[1] > 0 ? ["accuracy": means[0] / means[1]] : [:]
  }
}
