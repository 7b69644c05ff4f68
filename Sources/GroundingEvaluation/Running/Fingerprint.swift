import Checkpoints
import Foundation
import GLIP

/// A short text that tells contents apart: FNV-1a over words of eight bytes. Not a protection against anyone.
public struct Fingerprint: Sendable, CustomStringConvertible {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  public init() {}

  /// Of a file's bytes.
  ///
  /// - Throws: `CheckpointError` where it cannot be read.
  public init(contentsOf file: URL) throws {
    let mapped = try MappedFile(file)
    add(mapped.bytes(in: 0..<mapped.count))
    withExtendedLifetime(mapped) {}
  }

  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    mix(UInt64(bytes.count))
    let whole = bytes.count & ~7
    for offset in stride(from: 0, to: whole, by: 8) {
      mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    for offset in whole..<bytes.count { mix(UInt64(bytes[offset])) }
  }

  private mutating func mix(_ word: UInt64) {
    state = (state ^ word) &* 0x100_0000_01b3
    // Multiplication carries upwards only.
    state ^= state >> 32
  }

  public var description: String { String(state, radix: 16) }
}

extension EvaluationData {
  /// What detections depend on, apart from the network: for `EvaluationRun`.
  public func settings(_ options: DetectionOptions, classesPerText: Int?) -> [String: String] {
    var records = Fingerprint()
    for (index, image) in imageIndices.enumerated() {
      records.add(image.map { "\(groundTruth.images[$0].id)" } ?? "")
      if benchmark.asksForPhrases, let caption = captions[index] {
        records.add(caption.text + "\(caption.phrases.map(\.span))")
      }
    }
    var prompt = Fingerprint()
    for item in classPrompts { prompt.add("\(item)") }
    func text(_ value: Int?) -> String { value.map { "\($0)" } ?? "any" }
    return [
      "data": "\(records)", "prompt": "\(prompt)", "classes per text": text(classesPerText),
      "detections per picture": options.maximumDetections == .max ? "any" : "\(options.maximumDetections)",
      "detections per text": text(options.maximumDetectionsPerText),
      "min size": "\(options.resize.minimumSide)", "max size": text(options.resize.maximumSide),
      "overlap": "\(options.overlap)", "candidate threshold": "\(options.candidateThreshold)",
    ]
  }
}
