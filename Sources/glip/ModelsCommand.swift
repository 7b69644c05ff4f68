import ArgumentParser
import Foundation
import GLIP
import ModelStore

struct Models: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the published models, or fetch one.", subcommands: [List.self, Pull.self],
    defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the published models.")

    func run() {
      let store = ModelStore()
      let rows = PublishedModel.all.map { model in
        [model.name, model.summary, store.holds(model) ? store.file(of: model).path : "not fetched"]
      }
      print(table([["name", "network and training data", "file"]] + rows))
      print("\nPublished by GLIP's authors at:")
      for model in PublishedModel.all { print("  \(model.source)") }
    }
  }

  struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fetch a published model.",
      discussion:
        "A download that was interrupted goes on where it stopped. HTTPS_PROXY, ALL_PROXY and NO_PROXY count."
    )

    @Argument(help: "A name from 'glip models'.")
    var name: String

    @Option(help: "The SHA-256 that the file must have.")
    var sha256: String?

    @Option(help: "Another place to fetch the file from.")
    var url: String?

    func run() async throws {
      guard var model = PublishedModel.named(name) else {
        let names = PublishedModel.all.map(\.name).joined(separator: ", ")
        throw ValidationError("There is no published model '\(name)'; there are \(names).")
      }
      if let url {
        guard let source = URL(string: url) else { throw ValidationError("'\(url)' is not a URL.") }
        model = PublishedModel(
          name: model.name, preset: model.preset, summary: model.summary, fileName: model.fileName,
          source: source)
      }
      let store = ModelStore()
      let line = ProgressLine()
      let download = try await store.pull(model, sha256: sha256) { progress in
        let total = progress.total.map { " of \(bytes($0))" } ?? ""
        let left =
          progress.remaining.map { "  \(ProgressLine.clock(Double($0.components.seconds))) left" } ?? ""
        line.write("\(bytes(progress.received))\(total)  \(bytes(Int64(progress.rate)))/s\(left)")
      }
      line.clear()
      print("\(store.file(of: model).path)\(download == nil ? " (was there already)" : "")")
      if let download, download.verification == .unverified {
        warn("the server announced no checksum; what came has SHA-256 \(download.sha256).")
      }
    }
  }
}
