import ArgumentParser
import GLIP
import Pictures
import RunLog
import Video

/// `glip detect` on a video: frame after frame, each forgotten when it is done.
struct VideoDetection {
  private let command: DetectCommand
  private let file: PictureFile

  /// - Throws: `CommandError` if the video is not alone.
  init(_ command: DetectCommand, of files: [PictureFile]) throws {
    for file in files where file.isVideo && files.count > 1 {
      throw CommandError("\(file.path) is a video; give one video alone, without other files")
    }
    (self.command, file) = (command, files[0])
  }

  func run() throws {
    let inputs = try [file.path] + command.prompt.files + command.model.files()
    let output = try command.output.map { try AnnotatedOutput.place($0, for: file, keeping: inputs) }
    let list = try command.json.map { try DetectionList($0, keeping: inputs) }
    let reader = try VideoReader(contentsOf: file.url, framesPerSecond: command.fps)
    let search = try Search(command)
    try output?.makeFolder()
    try list?.prepare()
    command.model.warn(about: search.detector)

    let writer = output.map { VideoWriter(to: $0.url, framesPerSecond: reader.framesPerSecond) }
    let interruption = Interruption.request { writer?.cancel() }
    var summary = VideoSummary(framesPerSecond: reader.framesPerSecond)
    var records: [DetectionRecord] = []
    var failure: CommandError?
    do {
      try work(on: reader, search, until: interruption) { picture, found in
        try writer?.write(picture.annotated(found))
        let time = summary.add(found)
        guard list != nil else { return }
        records += found.map { DetectionRecord($0, file: file.path, image: summary.frames, time: time) }
      }
    } catch {
      failure = CommandError(error, at: file.path)
    }

    // What was done before a failure or an interruption is worth having.
    guard summary.frames > 0 else { throw failure ?? CommandError("\(file.path) holds no frame") }
    try list?.write(records)
    try writer?.finish()
    if list?.isStandardOutput != true {
      try say("\(printable(file.path)): \(summary.text)")
      if let output { try say("Annotated video: \(output.path)") }
    }
    guard let failure else { return }
    warn(failure.message)
    throw ExitCode.failure
  }

  /// Hands out each frame with what was found in it.
  private func work(
    on reader: VideoReader, _ search: Search, until interruption: Interruption.Request,
    take: (Picture, [Detection]) throws -> Void
  ) throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    let ahead = ReadAhead(1...Int.max) { _ -> (picture: Picture, input: NetworkInput)? in
      guard let picture = try reader.next() else { return nil }
      return (picture, try search.prepare(picture))
    }
    var done = 0
    while let frame = try ahead.next() {
      try take(frame.picture, search.found(in: frame.input))
      done += 1
      let expected = reader.expectedFrames.map { max($0, done) }
      progress.show(done, of: expected, unit: "frames")
      guard !interruption.isMade else {
        throw CommandError("Interrupted; of \(file.path) \(done) frames are done")
      }
    }
  }
}
