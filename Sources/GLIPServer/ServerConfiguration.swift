import Foundation
import GLIP

/// How a server runs.
public struct ServerConfiguration: Sendable {
  /// The address to listen on.
  public var host = "127.0.0.1"
  /// The port to listen on; 0 for any that is free.
  public var port = 8080
  public var limits = ServiceLimits()
  /// What is reported where a request does not say, and the size at which the network sees pictures.
  public var options = DetectionOptions()
  /// How long pictures wait for others to run with.
  public var batchWindow = Duration.milliseconds(5)
  /// The most pictures that run together; with 1 nothing is batched.
  public var largestBatch = 8
  /// A file of bearer tokens, one on a line; nil lets everybody in.
  public var tokens: URL?
  /// The origins whose pages may use the service; none by default.
  public var allowedOrigins: Set<String> = []
  /// Names with a dot by which a server without tokens may be asked, beside addresses; `*` for all. A server with tokens
  /// answers to any.
  public var allowedHosts: Set<String> = []
  /// Where pictures that are labelled are kept; nil for a server without labelling.
  public var labels: URL?
  /// Most bytes of the files of all pictures that are kept.
  public var labelledBytes = 4 << 30
  /// Whether prompts are logged.
  public var logsPrompts = false
  /// How long the server goes on with its connections, accepting no new ones, before it closes those that are idle.
  public var drainTime = Duration.milliseconds(250)

  public init() {}
}
