import GLIP
import GroundingData

/// Everything that decides what a run does: what is written in its YAML file, and the defaults of what is not.
///
/// Documentation/training.md explains the settings; `recipes/` has those of the released models.
public struct TrainingConfiguration: Codable, Sendable, Hashable {
  public var task = Task.grounding
  /// For the task of naming: the side of an object's cut-out in pixels, 32, 64, 128 or 256.
  public var namedSide = 64
  /// For the task of naming: what names objects.
  public var namedBy = NamingPart.encoder
  public var network = Network()
  public var data = TrainingData()
  public var optimization = Optimization()
  public var loss = LossConfiguration()
  public var tuning = Tuning()
  public var validation = ValidationSettings()
  /// Of everything random: initial parameters, order and change of samples, dropout.
  public var seed: UInt64 = 0
  /// Steps between two saves of the state; it is also saved after each validation and at the end.
  public var saveEvery = 1000
  /// Steps between two entries of the log.
  public var logEvery = 10
  /// Where to compute: cpu, or cuda, of which each process takes the GPU of its local rank.
  public var device = "cpu"

  public init() {}

  /// What is learnt.
  public enum Task: String, Codable, Sendable {
    /// To find what a text names (paper, section 3.1).
    case grounding
    /// To name the objects of a detection data set: of the network the picture encoder alone, for
    /// `network.backbone` of another run.
    case naming

    /// The figure by which validation tells the best network.
    var figure: String {
      switch self {
      case .grounding: "AP"
      case .naming: "accuracy"
      }
    }

  }

  /// What of a network learns to name objects.
  public enum NamingPart: String, Codable, Sendable {
    /// The picture encoder, by its maps and projections of them that are no part of the network.
    case encoder
    /// The picture encoder, pyramid, tower and alignment, as if there were no other words to read.
    case head
    /// The same, at the places of whole pictures at which detection is to find objects, not in cut-outs.
    case places
  }

  /// Parts that have nothing to learn from the task.
  func partsWithoutTask(of network: GLIPConfiguration) -> [String] {
    switch (task, namedBy) {
    case (.grounding, _): return []
    case (.naming, .encoder): return ["backbone.fpn", "language_backbone", "rpn"]
    case (.naming, .head), (.naming, .places):
      let predictors = ["bbox_pred", "centerness", "scales", "bias_lang", "bias0"].map { "rpn.head.\($0)" }
      return ["language_backbone"] + predictors + network.pathsOfFusion
    }
  }

  /// The network, and where its parameters start. Paths are relative to the configuration's folder.
  public struct Network: Codable, Sendable, Hashable {
    public var preset: Preset?
    /// In place of a preset.
    public var sizes: GLIPConfiguration?
    /// A whole network: a `.pth` file of the authors or safetensors. Without preset and sizes it tells them.
    public var checkpoint: String?
    /// A picture encoder alone, by the names of the published Swin files, or that of a whole network.
    public var backbone: String?
    /// A network that pyramid and head begin with, as far as it has them.
    public var head: String?
    /// A text encoder alone, by the names of BERT's published files, or that of a whole network.
    public var language: String?

    public init() {}
  }

  public struct TrainingData: Codable, Sendable, Hashable {
    public var training: [TrainingPart] = []
    public var augmentation = Augmentation.authors
    /// Whether wide pictures come together in batches, and high ones.
    public var groupsShapes = true
    /// Whether an epoch's last batch is filled up with its first samples instead of being left out.
    public var completesBatches = false
    /// Threads that decode and resize.
    public var workers = 2
    /// Of a prompt, `[CLS]` and `[SEP]` included.
    public var maximumTokens = 256

    public init() {}
  }

  public struct Optimization: Codable, Sendable, Hashable {
    /// Pictures of a step, on all processes together.
    public var batch = 4
    /// Parts that a step's pictures pass the network in, one after the other.
    public var accumulate = 1
    /// How long to train: one of the two.
    public var epochs: Int?
    public var steps: Int?
    public var rates = ParameterRules()
    public var warmUpSteps = 2000
    public var warmUpFactor = 0.001
    public var decay = Decay.steps
    /// When rates fall, as shares of all steps, and what they are multiplied by.
    public var decayAt = [0.67, 0.89]
    public var decayFactor = 0.1
    /// Share of the rates at the end of a cosine.
    public var decayFloor = 0.0
    /// Where set, weight decay falls by the same steps, at this share of their time.
    public var weightDecayShare: Double?
    /// Longest gradient, of all parameters together.
    public var clip: Double? = 1
    public var precision = TrainingPrecision.float32
    /// Share that the averaged copy of the parameters keeps of itself in a step; nil for no such copy.
    public var average: Double?
    /// Whether parts of the network are computed again in the backward pass instead of being kept.
    public var recomputes = false
    /// Lowers rates by what validation says, and stops early.
    public var plateau: Plateau?

    public init() {}

    public enum Decay: String, Codable, Sendable { case constant, steps, cosine }
  }

  /// What of the network is trained.
  public struct Tuning: Codable, Sendable, Hashable {
    public var mode: FineTuning?
    /// Further parts that stay as they are, by their paths.
    public var frozen: [String] = []

    public init() {}
  }

  public struct ValidationSettings: Codable, Sendable, Hashable {
    public var data: DatasetDescription?
    /// Steps between two validations; nil for one after each epoch.
    public var every: Int?
    /// The size of the pictures, and that at which the trained network sees pictures unless asked otherwise.
    public var shortSide = 800
    public var longestSide: Int? = 1333
    /// What classes are called; nil for their names in the data set.
    public var classPrompts: [ClassPrompt]?

    public init() {}

    var resize: ResizeRule { ResizeRule(minimumSide: shortSide, maximumSide: longestSide) }
  }
}

/// One of the data sets that are trained on.
public struct TrainingPart: Codable, Sendable, Hashable {
  public var data: DatasetDescription
  /// How often each record comes in an epoch.
  public var copies = 1.0
  /// For records whose objects are named by classes.
  public var prompting = DetectionPrompting()
  /// For records with captions.
  public var grounding = CaptionGrounding()
  /// A few records for each class in place of all.
  public var shots: FewShot?
  /// Whether pictures without any object are trained on as well.
  public var keepsEmpty = false
  /// Whether masked language modelling, where its loss has a weight, may hide words of the prompts.
  public var hidesWords = true

  public init(_ data: DatasetDescription) { self.data = data }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(try values.decode(DatasetDescription.self, forKey: .data))
    copies = try values.decodeIfPresent(Double.self, forKey: .copies) ?? copies
    prompting = try values.decodeIfPresent(DetectionPrompting.self, forKey: .prompting) ?? prompting
    grounding = try values.decodeIfPresent(CaptionGrounding.self, forKey: .grounding) ?? grounding
    shots = try values.decodeIfPresent(FewShot.self, forKey: .shots)
    keepsEmpty = try values.decodeIfPresent(Bool.self, forKey: .keepsEmpty) ?? keepsEmpty
    hidesWords = try values.decodeIfPresent(Bool.self, forKey: .hidesWords) ?? hidesWords
  }
}

/// The arithmetic of the forward pass in training; parameters, losses and the optimizer are float32 always.
public enum TrainingPrecision: String, Codable, Sendable, CaseIterable {
  case float32 = "fp32"
  case bfloat16 = "bf16"
  /// With scaled gradients, as the authors train GLIP-T.
  case float16 = "fp16"
}
