import Foundation
import GLIP
import GroundingData
import Pictures
import RunLog
import Torch

/// The part of `glip label` that each process does.
struct LabelWork {
  private let job: LabelJob
  private let folder: LabellingFolder
  private let rank: Int
  private let size: Int

  init(_ job: LabelJob, _ folder: LabellingFolder, rank: Int, of size: Int) {
    (self.job, self.folder, self.rank, self.size) = (job, folder, rank, size)
  }

  func run() throws {
    let localRank = try RunEnvironment(ProcessInfo.processInfo.environment)?.localRank
    // Before the network is loaded: other processes may be faster at it.
    let doneBefore = folder.counter.count()
    let labeller = try job.labeller(rank: rank, localRank: localRank)
    let dataset = job.dataset
    let run: LabellingRun
    do {
      run = try LabellingRun(
        labeller, in: folder, count: dataset.count, rank: rank, processes: size,
        policy: job.command.inputs.skip ? .skip : .fail)
    } catch {
      // Others had nothing left to wait for, and the journals are gone.
      guard folder.isFinished else { throw error }
      return
    }
    guard !folder.isFinished else { return }
    let start = Date()
    try label(run, labeller, start, doneBefore)
    let (pictures, seconds) = (dataset.count - doneBefore, -start.timeIntervalSinceNow)
    let sheet = Sheet(most: job.command.preview ?? 0, of: dataset.count, job.writing.classes)
    let writing = ProgressLine()
    let statistics = try folder.finish(
      dataset, after: LabellingStatistics.LastRun(processes: size, pictures: pictures, seconds: seconds)
    ) { position, record in
      writing.show(position, of: dataset.count, unit: "records written")
      try sheet.add(position, record)
    }
    writing.clear()
    guard let statistics else { return }
    try sheet.write(to: folder.url.appending(path: "preview.jpg"))
    try say(statistics.summary(result: job.command.output + "/" + folder.result.lastPathComponent))
    if statistics.counts.boxes == 0 {
      warn("No box is left; the scores of what was found are in \(job.command.output)/statistics.json")
    }
  }

  private func label(_ run: LabellingRun, _ labeller: Labeller, _ start: Date, _ doneBefore: Int) throws {
    let progress = rank == 0 ? LabelProgress(folder, run, total: job.dataset.count, start, doneBefore) : nil
    defer { progress?.clear() }
    let ahead = ReadAhead(run.indices) { [dataset = job.dataset, pictures = job.writing.pictures] index in
      try labeller.prepare(index, of: dataset, pictures: pictures)
    }
    for (done, index) in run.indices.enumerated() {
      progress?.show(done)
      guard let error = try run.label(index, ahead.next) else { continue }
      progress?.clear()
      warn("Picture \(index + 1) is left out: \(reason(error))")
    }
    try run.close()
  }
}

/// How far all processes are, as the first one shows it: on a terminal in a line that is written over, else in a line now
/// and then.
private final class LabelProgress {
  private let run: LabellingRun
  private let total: Int
  private let start: Date
  private let doneBefore: Int
  private let counter: JournalCounter
  private let line = ProgressLine()
  private var lastShown: Date

  init(_ folder: LabellingFolder, _ run: LabellingRun, total: Int, _ start: Date, _ doneBefore: Int) {
    (self.run, self.total, self.start, self.doneBefore) = (run, total, start, doneBefore)
    counter = folder.counter
    lastShown = start
  }

  /// - Parameter own: samples that this process has done.
  func show(_ own: Int) {
    guard -lastShown.timeIntervalSinceNow >= (line.isTerminal ? 0.2 : 30) else { return }
    lastShown = Date()
    let done = counter.count()
    let seconds = -start.timeIntervalSinceNow
    let rate = Double(max(done - doneBefore, 0)) / max(seconds, 1e-9)
    var parts = ["\(done)/\(total)", "\(figure(rate)) pictures/s"]
    if rate > 0 { parts.append("\(duration(Double(max(total - done, 0)) / rate)) left") }
    if own > 0 { parts.append("\(figure(Double(run.boxes) / Double(own))) boxes/picture") }
    let text = parts.joined(separator: "  ")
    if line.isTerminal {
      line.show("\(ProgressLine.bar(done, of: total, width: 20)) \(text)")
    } else {
      try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
  }

  func clear() { line.clear() }
}

/// Some pictures of the result, from all over it.
private final class Sheet {
  private let most: Int
  private let step: Double
  private let classes: [ObjectClass]
  private let sheet = ContactSheet()
  private var tiles: [(picture: Picture, text: String)] = []

  init(most: Int, of count: Int, _ classes: [ObjectClass]) {
    (self.most, self.classes) = (most, classes)
    step = Double(count) / Double(max(most, 1))
  }

  func add(_ position: Int, _ record: Record) throws {
    guard tiles.count < most, Double(position) >= Double(tiles.count) * step else { return }
    tiles.append(try sheet.tile(of: record, classes))
  }

  func write(to url: URL) throws {
    guard !tiles.isEmpty else { return }
    let drawn = try sheet.drawn(tiles)
    try Interruption.whileDeferred { try drawn.write(to: url) }
  }
}

extension LabellingStatistics {
  fileprivate func summary(result: String) -> String {
    let counts = counts
    var lines = ["\(result): \(pictures.written) of \(pictures.all) pictures, \(counts.boxes) boxes"]
    func add(_ title: String, _ parts: [(Int, String)]) {
      let text = parts.filter { $0.0 > 0 }.map { "\($0) \($1)" }.joined(separator: ", ")
      lines.append("  \(title)\(text.isEmpty ? "" : ": \(text)")")
    }
    add(
      "\(pictures.all) pictures",
      [
        (pictures.withoutBoxes, "without boxes"), (pictures.failed, "unusable"),
        (counts.cutCaptions, "with captions cut to what the network takes"),
        (counts.captionsWithoutPhrases, "with captions without phrases"),
      ])
    add(
      "\(counts.phrases) phrases",
      [
        (counts.excludedPhrases, "excluded"), (counts.unseenPhrases, "not seen"),
        (counts.phrasesWithBoxes, "with boxes"),
      ])
    add(
      "\(counts.detections) detections",
      [
        (counts.belowThreshold, "below the threshold"), (counts.outsideAreas, "too small or large"),
        (counts.overlapping, "overlapping better ones"), (counts.beyondPhraseLimit, "beyond --max-boxes"),
        (counts.onSparsePictures, "on pictures with fewer than --min-boxes"), (counts.boxes, "kept"),
      ])
    let run = lastRun
    lines.append(
      "  \(figure(run.picturesPerSecond)) pictures/s (\(run.pictures) pictures in \(duration(run.seconds)), "
        + "\(run.processes) \(run.processes == 1 ? "process" : "processes"))")
    return lines.joined(separator: "\n")
  }
}
