import ArgumentParser
import Foundation
import ModelStore
import RunLog

struct PullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Fetch a published model.",
    discussion:
      "A download that was interrupted goes on where it stopped. HTTPS_PROXY, ALL_PROXY and NO_PROXY count.")

  @Argument(help: "A name from 'glip models'.")
  var name: String

  @Option(help: ArgumentHelp("The SHA-256 that the file must have.", valueName: "hex"))
  var sha256: String?

  @Option(help: "Another place to fetch the file from.")
  var url: String?

  func run() async throws {
    let model = try self.model()
    let store = ModelStore()
    let line = ProgressLine()
    defer { line.clear() }
    let download = try await store.pull(model, sha256: sha256) { progress in
      let total = progress.total.map { " of \(bytes($0))" } ?? ""
      let left =
        progress.remaining.map { "  \(duration(Double($0.components.seconds))) left" } ?? ""
      line.show("\(bytes(progress.received))\(total)  \(bytes(Int64(progress.rate)))/s\(left)")
    }
    line.clear()
    try say("\(store.file(of: model).path)\(download == nil ? " (was there already)" : "")")
    if let download, download.verification == .unverified {
      warn("The server announced no checksum; what came has SHA-256 \(download.sha256)")
    }
  }

  private func model() throws -> PublishedModel {
    guard let model = PublishedModel.named(name) else {
      let names = PublishedModel.all.map(\.name).joined(separator: ", ")
      throw CommandError("There is no published model '\(name)'; there are \(names)")
    }
    guard let url else { return model }
    guard let source = URL(string: url) else { throw CommandError("'\(url)' is not a URL") }
    return PublishedModel(
      name: model.name, preset: model.preset, summary: model.summary, fileName: model.fileName, source: source
    )
  }
}
