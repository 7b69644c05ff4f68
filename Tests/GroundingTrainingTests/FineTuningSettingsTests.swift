import GLIP
import GroundingData
import GroundingTraining
import Testing

/// Fine-tuning as the authors do it on data sets of a few classes.
struct FineTuningSettingsTests {
  private static func settings(
    _ shots: Int?, mode: FineTuning = .full, validation: DatasetDescription? = nil
  ) -> TrainingConfiguration {
    var part = TrainingPart(DatasetDescription(annotations: "train.json"))
    part.prompting.classPrompts = [ClassPrompt("cat", suffix: " of an animal")]
    return .fineTuning(
      "glip.pth", on: part, mode: mode, shots: shots, validation: validation,
      size: ResizeRule(minimumSide: 640, maximumSide: 960))
  }

  @Test func fewPicturesComeOften() {
    let copies = [1, 3, 5, 10, nil].map { Self.settings($0).data.training[0].copies }
    #expect(copies == [8, 4, 2, 1, 1])
    #expect(Self.settings(1).optimization.epochs == 200)
  }

  @Test func classesKeepTheirOrderAndTheirWords() {
    let validation = DatasetDescription(annotations: "val.json")
    let settings = Self.settings(1, validation: validation)
    let prompting = settings.data.training[0].prompting
    #expect(!prompting.isShuffled && prompting.classPrompts?.first?.suffix == " of an animal")
    #expect(settings.validation.classPrompts == prompting.classPrompts)
    #expect(settings.validation.data == validation && settings.validation.shortSide == 640)
    #expect(settings.data.augmentation.shortSides == [640] && settings.data.augmentation.longestSide == 960)
  }

  @Test func ratesFallByWhatValidationSays() {
    let validation = DatasetDescription(annotations: "val.json")
    #expect(Self.settings(3).optimization.plateau == nil)
    #expect(Self.settings(3).optimization.decay == .steps)
    #expect(Self.settings(3, validation: validation).optimization.plateau == Plateau())
    let all = Self.settings(nil, mode: .prompt, validation: validation).optimization
    #expect(all.plateau == Plateau(patience: 2, stopPatience: 4) && all.decay == .constant)
    #expect(all.rates.learningRate == 0.05 && all.rates.weightDecay == 0.25)
  }
}
