import Foundation
import Pictures
import Torch

/// Finds what a prompt names in pictures.
///
/// ```swift
/// let detector = try Detector(checkpoint: url)
/// let found = try detector.detect(picture, .classes(["cat", "remote control"]))
/// for detection in found { print(detection.label, detection.score, detection.box) }
/// ```
///
/// A detector may be used from several tasks at once: nothing in it changes but a cache of encoded prompts.
/// Calls run on the calling thread and use libtorch's threads inside.
public final class Detector: Sendable {
  public let model: GLIPModel
  public let device: Device
  public let precision: Precision
  /// Turns prompts into texts and tokens.
  public let prompts: PromptEncoder
  /// Parameters of the checkpoint that the network does not know; empty for a file that fits.
  public let unknownParameters: [String]

  private let cache = PromptCache()

  /// Most pictures run through the network together.
  private static let largestBatch = 8

  /// Loads a checkpoint: `.safetensors`, or a `.pth` file of the authors.
  ///
  /// - Parameters:
  ///   - checkpoint: the file
  ///   - preset: which network the file belongs to, where it should not be recognised by itself
  ///   - device: where to compute
  ///   - precision: arithmetic of the network
  ///   - prompts: how prompts are joined and cut; by default as the authors evaluate
  /// - Throws: `CheckpointError`, `ModelFileError` or `TorchError`, each a sentence that names the cause.
  public convenience init(
    checkpoint: URL, preset: Preset? = nil, device: Device = .cpu, precision: Precision = .float32,
    prompts: PromptEncoder? = nil
  ) throws {
    let file = try ModelFile(checkpoint, preset: preset)
    let precision = precision.resolved(on: device, isQuantized: file.isQuantized)
    let (model, unknown) = try file.load(device: device, precision: precision)
    try self.init(
      model: model, device: device, precision: precision, prompts: prompts, unknownParameters: unknown)
  }

  /// Wraps a network that is there already.
  ///
  /// Where the project's kernels compute, the arithmetic is that of the network's weights, as
  /// `Precision.parameters(from:device:)` makes them; elsewhere libtorch casts to `precision`.
  ///
  /// - Throws: `VocabularyError` if the tokenizer's vocabulary cannot be read.
  public init(
    model: GLIPModel, device: Device = .cpu, precision: Precision = .float32, prompts: PromptEncoder? = nil,
    unknownParameters: [String] = []
  ) throws {
    self.model = model
    self.device = device
    self.precision = precision.resolved(on: device)
    self.prompts = try prompts ?? PromptEncoder(tokenizer: .bertUncased())
    self.unknownParameters = unknownParameters
  }

  /// What the prompt names in one picture, best first.
  ///
  /// - Throws: `PromptError` or `TaggerError` for a prompt that cannot be used, `DetectorError` for an option out
  ///   of range, `TorchError` if the computation fails (for want of memory, say).
  public func detect(
    _ picture: Picture, _ prompt: Prompt, options: DetectionOptions = DetectionOptions()
  ) throws -> [Detection] {
    try detect([picture], prompt, options: options)[0]
  }

  /// What the prompt names in each of several pictures.
  ///
  /// Pictures that the network sees at the same size run together. None is padded to another's size, so the
  /// result for a picture does not depend on its company.
  public func detect(
    _ pictures: [Picture], _ prompt: Prompt, options: DetectionOptions = DetectionOptions()
  ) throws -> [[Detection]] {
    let rule = resize(options)
    return try detect(
      count: pictures.count, prompt, options,
      size: { rule.size(width: pictures[$0].width, height: pictures[$0].height) },
      input: { index in
        try StageClock.time(.preprocessing) { try prepare(pictures[index], options: options) }
      })
  }

  /// What the prompt names in each of several pictures that were prepared with the same options.
  public func detect(
    _ inputs: [NetworkInput], _ prompt: Prompt, options: DetectionOptions = DetectionOptions()
  ) throws -> [[Detection]] {
    try detect(
      count: inputs.count, prompt, options, size: { (inputs[$0].width, inputs[$0].height) },
      input: { inputs[$0] })
  }

  /// Resizes and normalises a picture, on one thread; what else `detect` does occupies all.
  ///
  /// - Throws: `DetectorError` for a picture that would be too large.
  public func prepare(
    _ picture: Picture, options: DetectionOptions = DetectionOptions()
  ) throws -> NetworkInput {
    try Preprocessing.input(for: picture, resize(options))
  }

  /// The size at which the network sees pictures.
  public func resize(_ options: DetectionOptions) -> ResizeRule {
    options.resize ?? model.configuration.resize
  }

  private func detect(
    count: Int, _ prompt: Prompt, _ options: DetectionOptions, size: (Int) -> (width: Int, height: Int),
    input: (Int) throws -> NetworkInput
  ) throws -> [[Detection]] {
    let encoded = try validate(prompt, options: options)
    var results = [[Detection]](repeating: [], count: count)
    let bySize = Dictionary(grouping: 0..<count) { [size($0).width, size($0).height] }
    for indices in bySize.values {
      for start in stride(from: 0, to: indices.count, by: Self.largestBatch) {
        let batch = indices[start..<min(start + Self.largestBatch, indices.count)]
        for (index, found) in zip(batch, try detect(batch.map(input), encoded, options)) {
          results[index] = found
        }
      }
    }
    return results
  }

  /// The texts of a prompt, once prompt and options are known to be usable.
  ///
  /// - Throws: what `detect` would throw for them, before any picture is looked at.
  @discardableResult
  public func validate(_ prompt: Prompt, options: DetectionOptions) throws -> [EncodedPrompt] {
    let encoded = try cache.texts(of: prompt) { try prompts.encode(prompt) }
    try options.validate(labels: Set(encoded.flatMap(\.phrases).map(\.name)))
    return encoded
  }

  /// Runs inputs of one size, with the texts that `validate` returned for the prompt and these options.
  package func detect(
    _ inputs: [NetworkInput], _ encoded: [EncodedPrompt], _ options: DetectionOptions
  ) throws -> [[Detection]] {
    try withInferenceMode {
      let pixels = try Tensor.concatenated(inputs.map(\.pixels), dimension: 0).to(device: device)
      let levels = try inPrecision { try model.encode(pictures: pixels) }
      var found = [[Detection]](repeating: [], count: inputs.count)
      var offset = 0
      for prompt in encoded {
        let predictions = try inPrecision {
          try model.predict(levels, words: words(of: prompt).expanded([inputs.count, -1, -1]))
        }
        for (index, input) in inputs.enumerated() {
          let detections = try StageClock.time(.postProcessing) {
            try PostProcessing.candidates(
              predictions.map { try $0.ofPicture(index) }, phrases: prompt.phrases,
              rowLengths: levels.map { $0.size(3) }, width: input.width, height: input.height,
              options: options
            ).map { $0.detection(in: input, prompt, offset: offset) }
          }
          try Trace.record("det_boxes", detections.boxes)
          found[index] += detections
        }
        offset += prompt.text.unicodeScalars.count + prompts.style.separator.unicodeScalars.count
      }
      return found.map { $0.reported(options) }
    }
  }

  /// Runs with the detector's arithmetic: that of the weights, or else libtorch's casts.
  private func inPrecision<Result>(_ body: () throws -> Result) throws -> Result {
    try precision == .float32 || model.matrixType == .bfloat16
      ? body() : withAutocast(.bfloat16, device: device, body)
  }

  private func words(of prompt: EncodedPrompt) throws -> Tensor {
    func encode() throws -> Tensor {
      let ids = try Tensor(prompt.ids.map(Int64.init), shape: [1, prompt.ids.count]).to(device: device)
      return try model.encode(prompts: ids)
    }
    // A trace wants to see the text encoder at work.
    return try Trace.current == nil ? cache.words(for: prompt.ids, encode) : encode()
  }
}

extension LevelPrediction {
  /// The part of one picture of the batch, batch size one, float32 on the CPU.
  package func ofPicture(_ index: Int) throws -> LevelPrediction {
    func part(_ tensor: Tensor) throws -> Tensor {
      try tensor.sliced(0, index..<(index + 1)).to(.float32, device: .cpu)
    }
    return LevelPrediction(
      logits: try part(logits), boxes: try part(boxes), centerness: try part(centerness))
  }
}

extension Candidate {
  /// The candidate in pixels of the original picture.
  package func detection(in input: NetworkInput, _ prompt: EncodedPrompt, offset: Int) -> Detection {
    let phrase = prompt.phrases[self.phrase]
    let x = Float(input.originalWidth) / Float(input.width)
    let y = Float(input.originalHeight) / Float(input.height)
    return Detection(
      label: phrase.name, labelIndex: phrase.label,
      span: (phrase.span.lowerBound + offset)..<(phrase.span.upperBound + offset), score: Double(score),
      box: PixelBox(
        x0: Double(box.x * x), y0: Double(box.y * y), x1: Double(box.z * x), y1: Double(box.w * y)))
  }
}

extension [Detection] {
  /// [n, 4] in pixels of the original picture.
  fileprivate var boxes: Tensor {
    get throws {
      try Tensor(
        flatMap { [$0.box.x0, $0.box.y0, $0.box.x1, $0.box.y1] }.map { Float($0) }, shape: [count, 4])
    }
  }

  /// The best of all texts of a prompt that pass their thresholds.
  package func reported(_ options: DetectionOptions) -> [Detection] {
    Array(
      filter { $0.score > options.labelThresholds[$0.label] ?? options.threshold }
        .sorted { $0.score > $1.score }
        .prefix(options.maximumDetections))
  }
}

/// Why a detection was not attempted.
public enum DetectorError: Error, CustomStringConvertible, LocalizedError, Sendable {
  case invalidOption(name: String, value: String, expected: String)
  case unknownLabel(String)
  case severalTexts(count: Int)
  case tooManyPixels(width: Int, height: Int, most: Int)

  public var description: String {
    switch self {
    case .invalidOption(let name, let value, let expected): "The \(name) is \(value); it must be \(expected)."
    case .tooManyPixels(let width, let height, let most):
      "The network would see the picture at \(width) x \(height) pixels, more than the \(most) it may have in all; "
        + "bound the longer side."
    case .severalTexts(let count):
      "A trace follows one text through the network; this list needs \(count)."
    case .unknownLabel(let label): "There is a threshold for '\(label)', which the prompt does not name."
    }
  }

  public var errorDescription: String? { description }
}
