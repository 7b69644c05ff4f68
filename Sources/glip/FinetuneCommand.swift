import ArgumentParser
import Foundation
import GLIP
import GroundingData
import GroundingTraining

extension FineTuning: ExpressibleByArgument {}
extension TrainingPrecision: ExpressibleByArgument {}

struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Adapt a network to pictures of your own.",
    discussion: """
      Examples:
        glip finetune --data raccoons/ --model glip-t --output runs/raccoons
        glip finetune --data train.json --images photos/ --validation val.json --shots 5 --output runs/five
      The best network is best.safetensors in the results folder, or last.safetensors where there is no validation data; \
      'glip detect --model' takes both. 'glip train' has every setting there is; config.yaml in the results folder says \
      what was chosen.
      """)

  @OptionGroup(title: "The data") var data: FinetuneData
  @OptionGroup(title: "The run") var options: RunOptions

  @Option(help: "The checkpoint to begin with: a .safetensors or .pth file, or a name from 'glip models'.")
  var model = ModelOptions.bundled

  @OptionGroup var network: PresetOption

  @Flag(
    help: ArgumentHelp(
      "Take only the checkpoint's sizes and its text encoder, and train everything else from nothing: what the "
        + "pre-training is worth is told by the difference."))
  var fromScratch = false

  @Option(
    help:
      "What is trained: full, linear (the predictors), language (the text encoder) or prompt (an offset for each word)."
  )
  var tune = FineTuning.full

  @Option(
    help: ArgumentHelp("Most passes over the data. (default: 24, with --shots 200)", valueName: "count"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Pictures of a step.", valueName: "count"))
  var batch = 4

  @Option(help: ArgumentHelp("Learning rate. (default: 0.0001; for prompt 0.05)", valueName: "rate"))
  var learningRate: Double?

  @OptionGroup var size: SizeOptions

  @Option(help: "Arithmetic of the forward pass: fp32, bf16 or fp16.")
  var precision = TrainingPrecision.float32

  @Option(help: "Of everything random.")
  var seed: UInt64 = 0

  func validate() throws {
    for (name, value) in [("epochs", epochs ?? 1), ("batch", batch), ("min-size", size.minSize ?? 1)]
    where value < 1 {
      throw ValidationError("--\(name) is \(value); it must be at least 1")
    }
    if let bound = size.maxSize, bound < 0 {
      throw ValidationError("--max-size is \(bound); it must be at least 0")
    }
    if fromScratch, tune != .full {
      throw ValidationError("--from-scratch trains the whole network; --tune \(tune.rawValue) does not")
    }
    if let learningRate, !(learningRate > 0 && learningRate < .infinity) {
      throw ValidationError("--learning-rate is \(learningRate); it must be above 0")
    }
  }

  func run() throws {
    try options.train(configuration())
  }

  private func configuration() throws -> TrainingConfiguration {
    let (training, validation) = try data.found()
    var part = TrainingPart(training)
    part.shots = data.shots.map { FewShot(shots: $0, seed: data.shotSeed) }
    let file = try ModelOptions.file(model)
    let sizes: GLIPConfiguration
    do { sizes = try ModelFile(file, preset: network.preset).configuration } catch {
      throw CommandError(error, at: model)
    }
    var result = TrainingConfiguration.fineTuning(
      file.path, on: part, mode: tune, shots: data.shots, validation: validation,
      size: size.rule ?? sizes.resize)
    if fromScratch {
      (result.network.checkpoint, result.network.language) = (nil, file.path)
      (result.network.sizes, result.tuning.mode) = (sizes, nil)
    } else {
      result.network.preset = network.preset
    }
    result.optimization.batch = batch
    if let epochs { result.optimization.epochs = epochs }
    if let learningRate {
      let rates = tune.rates
      result.optimization.rates.learningRate = learningRate
      result.optimization.rates.languageLearningRate = learningRate * rates.language / rates.learningRate
    }
    result.optimization.precision = precision
    result.seed = seed
    return result.resolvingPaths(relativeTo: URL(fileURLWithPath: FileManager.default.currentDirectoryPath))
  }
}

/// The pictures to fine-tune on.
struct FinetuneData: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Annotated pictures: an annotation file, or a folder with train.json, train/_annotations.coco.json, "
        + "annotations/instances_train*.json or Pascal VOC's files in it.", valueName: "path"))
  var data: String

  @Option(
    help: ArgumentHelp("The folder of the pictures, if it is not found by itself.", valueName: "folder"))
  var images: String?

  @Option(
    help: ArgumentHelp(
      "Data to measure with after each epoch; found by itself in a folder.", valueName: "path"))
  var validation: String?

  @Option(help: ArgumentHelp("Train on so many pictures of each class only.", valueName: "count"))
  var shots: Int?

  @Option(
    help: ArgumentHelp(
      "Chooses other pictures for --shots; without it they are taken in the order of their ids.",
      valueName: "number"))
  var shotSeed: UInt64?

  @Flag(help: "Leave out what is malformed instead of ending.")
  var skip = false

  func validate() throws {
    if let shots, shots < 1 { throw ValidationError("--shots is \(shots); it must be at least 1") }
    if shots == nil, shotSeed != nil { throw ValidationError("--shot-seed is of use with --shots only") }
  }

  /// The data to train on, and to measure with if there is any.
  func found() throws -> (training: DatasetDescription, validation: DatasetDescription?) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: data, isDirectory: &isFolder) else {
      throw CommandError("\(data) does not exist")
    }
    func description(_ path: String) -> DatasetDescription {
      DatasetDescription(annotations: path, pictures: images, onError: skip ? .skip : .fail)
    }
    guard isFolder.boolValue else { return (description(data), validation.map(description)) }
    let training = Self.file(["train"], in: data) ?? data
    return (
      description(training),
      (validation ?? Self.file(["val", "valid", "validation"], in: data)).map(description)
    )
  }

  /// The annotation file of a part of a folder's data.
  static func file(_ names: [String], in folder: String) -> String? {
    let annotations =
      (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/annotations"))?.sorted() ?? []
    let candidates = names.flatMap { name in
      ["\(name).json", "\(name)/_annotations.coco.json", "annotations/\(name).json"]
        + annotations.filter { $0.hasPrefix("instances_\(name)") && $0.hasSuffix(".json") }.map {
          "annotations/\($0)"
        }
    }
    return candidates.map { "\(folder)/\($0)" }.first { FileManager.default.fileExists(atPath: $0) }
  }
}
