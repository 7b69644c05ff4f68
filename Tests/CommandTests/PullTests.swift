import Crypto
import Foundation
import Hummingbird
import Testing

/// `glip models`, against a server on this machine.
struct PullTests: Sendable {
  private static let file = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) })
  private static let checksum = SHA256.hash(data: file).map { String(format: "%02x", $0) }.joined()

  private let workspace: Workspace
  private let target = "home/models/glip_tiny_model_o365_goldg_cc_sbu.pth"

  init() throws { workspace = try Workspace() }

  private func pull(_ url: URL, _ options: String...) async throws -> Outcome {
    try await workspace.start(
      ["models", "pull", "glip-t", "--url", url.appending(path: "model.pth").absoluteString] + options
    ).outcome()
  }

  @Test func theListNamesEveryModelAndItsSource() async throws {
    let outcome = try await workspace.glip("models")
    #expect(outcome.status == 0 && outcome.errors == "")
    for name in ["glip-t-a", "glip-t-b", "glip-t-c", "glip-t", "glip-l"] {
      #expect(outcome.output.contains("\n\(name) "), "\(name)")
    }
    #expect(outcome.output.components(separatedBy: "https://").count == 6)
  }

  @Test func aModelIsFetchedOnce() async throws {
    try await Server.run(file: Self.file) { url in
      let first = try await pull(url, "--sha256", Self.checksum)
      #expect(first.status == 0 && first.errors == "", "\(first.errors)")
      #expect(first.output == workspace.url(target).path + "\n")
      #expect(try workspace.data(target) == Data(Self.file))
      let second = try await pull(url)
      #expect(second.status == 0 && second.output.hasSuffix("(was there already)\n"))
      #expect(try await workspace.glip("models").output.contains(workspace.url(target).path))
    }
  }

  @Test func aFileWithoutAChecksumIsNamedByIts() async throws {
    try await Server.run(file: Self.file) { url in
      let outcome = try await pull(url)
      #expect(outcome.status == 0 && outcome.sentences.count == 1)
      #expect(outcome.errors.contains(Self.checksum) && isSentence(outcome.errors))
    }
  }

  @Test func anInterruptedDownloadGoesOn() async throws {
    try workspace.write(Data(Self.file[..<70_000]), to: target + ".part")
    try workspace.write(Server.tag, to: target + ".part.etag")
    try await Server.run(file: Self.file, onlyFrom: 70_000) { url in
      let outcome = try await pull(url, "--sha256", Self.checksum)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(try workspace.data(target) == Data(Self.file))
      #expect(!workspace.exists(target + ".part"))
    }
  }

  @Test func anotherFileThanExpectedIsRefused() async throws {
    try await Server.run(file: Self.file) { url in
      let wrong = String(repeating: "0", count: 64)
      expectRefusal(try await pull(url, "--sha256", wrong), Self.checksum, wrong)
      #expect(!workspace.exists(target) && !workspace.exists(target + ".part"))
      expectRefusal(try await pull(url, "--sha256", "123"), "123")
    }
  }

  @Test func aServerWithoutTheFileIsSaid() async throws {
    try await Server.run(file: nil) { url in
      expectRefusal(try await pull(url), "404", "model.pth")
      #expect(!workspace.exists(target))
    }
  }

  @Test func whatCannotBeFetchedIsRefused() async throws {
    expectRefusal(try await workspace.glip("models", "pull", "glip-x"), "'glip-x'", "glip-t-a")
    expectRefusal(try await workspace.glip("models", "pull", "glip-t", "--url", "ftp://a/b"), "ftp://a/b")
    expectRefusal(try await workspace.glip("models", "pull", "glip-t", "--url", ""), "''")
    expectRefusal(try await workspace.glip("models", "push"), "push", status: 64)
  }
}

/// A web server on an unused port of this machine.
private enum Server {
  static let tag = "\"version one\""

  /// Runs `body` with the address of a server that has this file, or nothing; `onlyFrom` refuses requests for more.
  static func run(
    file: [UInt8]?, onlyFrom start: Int = 0, _ body: @escaping @Sendable (URL) async throws -> Void
  ) async throws {
    let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
      guard let file else { return Response(status: .notFound) }
      guard start > 0 else {
        return Response(
          status: .ok, headers: [.eTag: tag], body: ResponseBody(byteBuffer: ByteBuffer(bytes: file)))
      }
      guard request.headers[.range] == "bytes=\(start)-", request.headers[.ifRange] == tag else {
        return Response(status: .badRequest)
      }
      let range = "bytes \(start)-\(file.count - 1)/\(file.count)"
      return Response(
        status: .partialContent, headers: [.eTag: tag, .contentRange: range],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: file[start...])))
    }
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    var application = Application(
      responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { port.yield($0.localAddress?.port ?? 0) })
    application.logger.logLevel = .critical
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [application] in try await application.run() }
      group.addTask {
        let port = await ports.first { _ in true } ?? 0
        try await body(try #require(URL(string: "http://127.0.0.1:\(port)/")))
      }
      try await group.next()
      group.cancelAll()
    }
  }
}
