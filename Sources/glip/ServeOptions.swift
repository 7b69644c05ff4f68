import ArgumentParser
import GLIP
import GLIPServer
import Synchronization

/// Where the server listens.
struct PlaceOptions: ParsableArguments {
  @Option(help: "The address to listen on; 0.0.0.0 for all of this machine's.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 for any that is free.")
  var port = 8080

  func validate() throws {
    guard (0...65_535).contains(port) else {
      throw ValidationError("--port is \(port); it must be 0 to 65535")
    }
  }

  var isLoopback: Bool { host.hasPrefix("127.") || host == "localhost" || host == "::1" }
}

/// What is reported.
struct ServedReportOptions: ParsableArguments {
  @Option(help: "Detections below this score are not reported, 0 to 1.")
  var threshold = 0.5

  @Option(help: ArgumentHelp("The most detections of one picture.", valueName: "count"))
  var maxDetections = 100

  @OptionGroup var size: SizeOptions

  func resolved() -> DetectionOptions {
    var options = DetectionOptions()
    options.threshold = threshold
    options.maximumDetections = maxDetections
    options.resize = size.rule
    return options
  }
}

/// Which pictures run together.
struct BatchingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How long a picture waits for others with the same prompt, in milliseconds.", valueName: "ms"))
  var batchWindow = 5

  @Option(help: ArgumentHelp("The most pictures that run together; 1 for no batches.", valueName: "count"))
  var maxBatch = 8

  @Option(
    help: ArgumentHelp(
      "The most pictures that wait; beyond, requests are answered with 429 and Retry-After.",
      valueName: "count"))
  var queue = ServiceLimits().queuedPictures

  func validate() throws {
    try require(0...1000, batchWindow, "--batch-window")
    try require(1...64, maxBatch, "--max-batch")
    try require(1...10_000, queue, "--queue")
  }
}

/// Bounds of what clients may send.
struct LimitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The most bytes of a request's body.", valueName: "bytes"))
  var maxBodyBytes = ServiceLimits().bodyBytes

  @Option(help: ArgumentHelp("The most bytes of all bodies in memory.", valueName: "bytes"))
  var maxHeldBytes = ServiceLimits().heldBytes

  @Option(help: ArgumentHelp("The most pixels of a picture.", valueName: "pixels"))
  var maxPixels = ServiceLimits().picturePixels

  @Option(help: ArgumentHelp("The most characters of a prompt.", valueName: "count"))
  var maxPrompt = ServiceLimits().promptCharacters

  @Option(help: ArgumentHelp("The most connections at one time.", valueName: "count"))
  var maxConnections = ServiceLimits().connections

  @Option(help: ArgumentHelp("How long a header and a body may each take to arrive.", valueName: "seconds"))
  var receiveTimeout = 30

  @Option(help: ArgumentHelp("How long a request may wait for the network.", valueName: "seconds"))
  var waitTimeout = 60

  func validate() throws {
    try require(1...(1 << 30), maxBodyBytes, "--max-body-bytes")
    try require(maxBodyBytes...(1 << 40), maxHeldBytes, "--max-held-bytes")
    try require(1...1_000_000_000, maxPixels, "--max-pixels")
    try require(1...100_000, maxPrompt, "--max-prompt")
    try require(1...100_000, maxConnections, "--max-connections")
    try require(1...3600, receiveTimeout, "--receive-timeout")
    try require(1...3600, waitTimeout, "--wait-timeout")
  }

  func resolved() -> ServiceLimits {
    var limits = ServiceLimits()
    limits.bodyBytes = maxBodyBytes
    limits.heldBytes = maxHeldBytes
    limits.picturePixels = maxPixels
    limits.promptCharacters = maxPrompt
    limits.connections = maxConnections
    limits.headerTime = .seconds(receiveTimeout)
    limits.bodyTime = .seconds(receiveTimeout)
    limits.waitingTime = .seconds(waitTimeout)
    return limits
  }
}

/// Whether pictures are labelled, and where they are kept.
struct LabellingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Label pictures on the page at /label, and keep them and their boxes in this folder.",
      discussion: "It is made if it is not there. One server at a time has it.", valueName: "folder"))
  var labels: String?

  @Option(help: ArgumentHelp("The most bytes of all pictures that are kept.", valueName: "bytes"))
  var maxLabelledBytes = ServerConfiguration().labelledBytes

  func validate() throws {
    try require(1...(1 << 50), maxLabelledBytes, "--max-labelled-bytes")
  }
}

/// Who may use the server.
struct AccessOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file of bearer tokens, one on a line; requests then need one of them.",
      discussion: "It is read again when it changes, and on SIGHUP.", valueName: "file"))
  var tokens: String?

  @Option(
    help: ArgumentHelp(
      "A site whose pages may use the server, such as https://example.org, or * for all; may be repeated.",
      valueName: "origin"))
  var cors: [String] = []

  @Option(
    help: ArgumentHelp(
      "A name with a dot, such as glip.example.org, by which a server without tokens may be asked, or * for all; may be "
        + "repeated.", valueName: "name"))
  var allowHost: [String] = []
}

private func require(_ range: ClosedRange<Int>, _ value: Int, _ option: String) throws {
  guard range.contains(value) else {
    throw ValidationError(
      "\(option) is \(value); it must be \(range.lowerBound) to \(range.upperBound)")
  }
}

/// Something that happens once.
final class OneTime: Sendable {
  private let isTaken = Atomic(false)

  /// Whether this is the first call.
  func take() -> Bool { !isTaken.exchange(true, ordering: .acquiringAndReleasing) }
}
