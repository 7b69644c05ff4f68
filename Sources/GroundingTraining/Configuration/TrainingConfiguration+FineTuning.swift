import GLIP
import GroundingData

extension TrainingConfiguration {
  /// How the authors fine-tune on a data set of a few classes (ODinW): classes keep their order, few pictures come often
  /// in an epoch, and rates fall when validation does not get better, or not at all where there is none.
  ///
  /// - Parameters:
  ///   - checkpoint: to begin with
  ///   - part: to train on; its copies and prompting are set here, but for class prompts
  ///   - shots: pictures of each class that are trained on, where they are few; nil for all
  ///   - validation: to measure after each epoch
  ///   - size: at which the network sees pictures
  public static func fineTuning(
    _ checkpoint: String, on part: TrainingPart, mode: FineTuning = .full, shots: Int? = nil,
    validation: DatasetDescription? = nil, size: ResizeRule = ResizeRule()
  ) -> TrainingConfiguration {
    var result = TrainingConfiguration()
    result.network.checkpoint = checkpoint
    var part = part
    let classPrompts = part.prompting.classPrompts
    part.prompting = .inOrder
    part.prompting.classPrompts = classPrompts
    part.copies = copies(shots: shots)
    result.data.training = [part]
    result.data.groupsShapes = false
    result.data.completesBatches = true
    result.data.augmentation.shortSides = [size.minimumSide]
    result.data.augmentation.longestSide = size.maximumSide ?? 65_535
    result.optimization.epochs = shots == nil ? 24 : 200
    result.optimization.rates.learningRate = mode.rates.learningRate
    result.optimization.rates.languageLearningRate = mode.rates.language
    result.optimization.rates.weightDecay = mode.rates.weightDecay
    result.optimization.warmUpSteps = 0
    result.tuning.mode = mode
    result.validation.shortSide = size.minimumSide
    result.validation.longestSide = size.maximumSide
    if let validation {
      result.validation.data = validation
      result.validation.classPrompts = classPrompts
      result.optimization.decay = .constant
      result.optimization.plateau = shots == nil ? Plateau(patience: 2, stopPatience: 4) : Plateau()
    }
    return result
  }

  /// So that an epoch of few pictures is not over at once.
  private static func copies(shots: Int?) -> Double {
    switch shots ?? .max {
    case ...1: 8
    case 2...3: 4
    case 4...5: 2
    default: 1
    }
  }
}
