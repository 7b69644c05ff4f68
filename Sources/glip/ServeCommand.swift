import ArgumentParser
import Foundation
import GLIP
import GLIPServer
import Logging

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Answer requests for detections over HTTP.",
    discussion: """
      A web page to try the network with is at /; what programs can ask is described at /openapi.json. For example:
        glip serve --model glip-t &
        curl -F picture=@photo.jpg -F classes="cat, remote control" http://127.0.0.1:8080/v1/detect

      Ctrl-C, or SIGTERM, ends the server when it has answered what it has accepted; a second one ends it at \
      once. SIGHUP reads the file of tokens again. Logs are JSON lines on the standard error stream; pictures \
      are not in them, prompts only with --log-prompts.

      Memory for requests is bounded: bodies take at most --max-held-bytes in all, plus on each of two worker \
      threads what parsing a body of --max-body-bytes and decoding a picture of --max-pixels (10 bytes a pixel) \
      take; each of --queue pictures waits as 12 bytes a pixel of the size the network sees.
      """)

  @OptionGroup(title: "The network") var model: ModelOptions
  @OptionGroup(title: "Where") var place: PlaceOptions
  @OptionGroup(title: "What is reported unless a request says otherwise") var report: ServedReportOptions
  @OptionGroup(title: "Batches and the queue") var batching: BatchingOptions
  @OptionGroup(title: "Limits of a request") var limits: LimitOptions
  @OptionGroup(title: "Access") var access: AccessOptions
  @OptionGroup(title: "Labelling") var labelling: LabellingOptions

  @Flag(help: "Log prompts, too.")
  var logPrompts = false

  @Option(help: "The least important messages that are logged.")
  var logLevel = LogLevel.info

  enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, warning, error
  }

  func run() async throws {
    var configuration = ServerConfiguration()
    configuration.host = place.host
    configuration.port = place.port
    configuration.limits = limits.resolved()
    configuration.limits.queuedPictures = batching.queue
    configuration.batchWindow = .milliseconds(batching.batchWindow)
    configuration.largestBatch = batching.maxBatch
    configuration.options = report.resolved()
    configuration.tokens = access.tokens.map { URL(fileURLWithPath: $0) }
    configuration.allowedOrigins = Set(access.cors)
    configuration.allowedHosts = Set(access.allowHost.map { $0.lowercased() })
    configuration.logsPrompts = logPrompts
    configuration.labels = labelling.labels.map { URL(fileURLWithPath: $0) }
    configuration.labelledBytes = labelling.maxLabelledBytes

    let detector = try model.detector(style: .evaluation)
    try detector.validate(.classes(["thing"]), options: configuration.options)
    var logger = Logger(label: "glip") { _ in JSONLinesLog() }
    logger.logLevel = Logger.Level(rawValue: logLevel.rawValue) ?? .info
    let server = try DetectionServer(
      detector, model: model.name, version: Glip.configuration.version, configuration: configuration,
      logger: logger)
    model.warn(about: detector)
    Self.watchSignals(server, logger)
    let isOpen = access.tokens == nil && !place.isLoopback
    try await server.run { [host = place.host] port in
      if isOpen { glip.warn("Everybody who reaches \(host) may use this server; --tokens asks for a token") }
      try? say("Listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
    }
  }

  private static func watchSignals(_ server: DetectionServer, _ logger: Logger) {
    let isStopping = OneTime()
    Interruption.handle { signal in
      guard signal == SIGHUP else {
        guard isStopping.take() else { return false }
        logger.info("stopping")
        server.stop()
        return true
      }
      do {
        try server.reloadTokens()
        logger.info("tokens read again")
      } catch {
        logger.error("\(reason(error))")
      }
      return true
    }
  }
}
