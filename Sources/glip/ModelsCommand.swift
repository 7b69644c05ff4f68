import ArgumentParser
import GLIPNano
import ModelStore

struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the published models, or fetch one.",
    subcommands: [List.self, PullCommand.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the published models.")

    func run() throws {
      let store = ModelStore()
      let bundled = [
        ModelOptions.bundled, "small, trained on composed scenes; comes with glip", GLIPNano.file.path,
      ]
      let rows = PublishedModel.all.map { model in
        [model.name, model.summary, store.holds(model) ? store.file(of: model).path : "not fetched"]
      }
      let sources = PublishedModel.all.map { "  \($0.source)" }
      try say(table([["name", "network and training data", "file"], bundled] + rows))
      try say((["", "The others are published by GLIP's authors at:"] + sources).joined(separator: "\n"))
    }
  }
}
