import Foundation
import GLIP
import LabelStore
import Logging

/// Has the network look at the pictures of projects, one after the other, beside what else it is asked for.
///
/// A picture's boxes are kept before the next is looked at: a run that ends in whatever way goes on from there when it
/// is asked for again.
actor LabelDetection {
  private let store: LabelStore
  private let service: DetectionService
  private let logger: Logger
  private var runs: [Int: Run] = [:]

  private struct Run {
    var task: Task<Void, Never>?
    var done = 0
    var failed = 0
    var message: String?
  }

  /// How far a run is.
  struct State: Encodable {
    let running: Bool
    /// Pictures of this run, or of the last one.
    let done: Int
    /// Pictures that are new.
    let left: Int
    let failed: Int
    let message: String?
  }

  /// Boxes that the network is less sure of are not kept, whatever a project's threshold is later set to.
  private static let leastScore = 0.1
  /// How long a run waits where the network is busy.
  private static let pause = Duration.milliseconds(500)

  init(store: LabelStore, service: DetectionService, logger: Logger) {
    (self.store, self.service, self.logger) = (store, service, logger)
  }

  /// Begins a run, or leaves the one that there is alone.
  ///
  /// - Parameter again: also look at pictures that the network has seen and nobody has reviewed
  /// - Throws: `LabelStoreError`; an error of a prompt that cannot be used
  func start(_ project: Int, again: Bool) async throws -> State {
    let prompt = try Self.prompt(of: try await store.project(project))
    try await service.check(prompt)
    if runs[project]?.task == nil {
      runs[project] = Run()
      runs[project]?.task = Task { await run(project, again: again) }
    }
    return try await state(of: project)
  }

  /// - Throws: `LabelStoreError.noProject`
  func state(of project: Int) async throws -> State {
    let left = try await store.project(project).pictures.new
    let run = runs[project] ?? Run()
    return State(
      running: run.task != nil, done: run.done, left: left, failed: run.failed, message: run.message)
  }

  /// Returns when the run has ended.
  func stop(_ project: Int) async {
    let task = runs[project]?.task
    task?.cancel()
    await task?.value
  }

  /// Forgets a project that is deleted.
  func forget(_ project: Int) async {
    await stop(project)
    runs[project] = nil
  }

  func stopAll() async {
    for project in runs.keys { runs[project]?.task?.cancel() }
    for project in Array(runs.keys) { await stop(project) }
  }

  // MARK: A run

  private func run(_ project: Int, again: Bool) async {
    defer { runs[project]?.task = nil }
    do {
      if again { try await store.forgetDetections(of: project) }
      var last = 0
      while !Task.isCancelled, let picture = try await store.newPicture(of: project, after: last) {
        do {
          try await detect(picture, project)
          runs[project]?.done += 1
        } catch let error as APIError where error.code == .queueFull || error.code == .waitedTooLong {
          try await Task.sleep(for: Self.pause)
          continue
        } catch let error as APIError where error.code == .notReady {
          return
        } catch {
          note(error, of: project)
        }
        last = picture.id
      }
    } catch LabelStoreError.noProject {
      return
    } catch {
      if !Task.isCancelled { note(error, of: project) }
    }
  }

  private func note(_ error: any Error, of project: Int) {
    let failure = APIError(error)
    if failure.code == .failed { logger.error("\(error)") }
    runs[project]?.failed += 1
    runs[project]?.message = failure.message
  }

  private func detect(_ picture: LabelledPicture, _ project: Int) async throws {
    // Labels may have come to the project since the run began.
    let facts = try await store.project(project)
    let file = try await store.file(of: picture.id, of: project)
    let found = try await service.detect(
      file.url, try Self.prompt(of: facts), threshold: min(facts.threshold, Self.leastScore))
    let boxes = found.map { detection in
      LabelledBox(
        label: String(detection.label.prefix(store.limits.nameCharacters)), x: detection.box.x0,
        y: detection.box.y0, width: detection.box.width, height: detection.box.height,
        score: detection.score)
    }
    try await store.setDetections(boxes, of: picture.id, of: project)
  }

  private static func prompt(of project: LabelProject) throws(APIError) -> Prompt {
    if let caption = project.caption { return .caption(caption) }
    guard !project.labels.isEmpty else {
      throw APIError(
        .unusablePrompt, "The project names nothing to look for: it has no labels and no caption.")
    }
    return .classes(project.labels.map { ClassPrompt($0) })
  }
}

extension DetectionService {
  /// - Throws: an error of a prompt that cannot be used
  fileprivate func check(_ prompt: Prompt) async throws {
    _ = try await workers.runIfActive { [self] in try detector.validate(prompt, options: options) }
  }

  /// What is found on the picture of a file.
  ///
  /// - Throws: `APIError` where the network is busy, or what reading and detecting throw
  fileprivate func detect(_ file: URL, _ prompt: Prompt, threshold: Double) async throws -> [Detection] {
    let place = try queue.admit(1)
    defer { place.leave() }
    let announcement = queue.announce()
    defer { announcement.leave() }
    var options = options
    options.threshold = threshold
    let data = try await workers.runIfActive { try Data(contentsOf: file) }
    let picture = try await prepare(data, name: "The picture", options)
    return try await queue.detect(
      [picture.input], prompt, options, deadline: .now + limits.waitingTime, announcement: announcement)[0]
  }
}
