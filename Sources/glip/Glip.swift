import ArgumentParser

@main
struct Glip: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glip",
    abstract: "Finds in pictures what you name in words.",
    discussion: """
      Examples:
        glip detect photo.jpg --classes "cat, remote control" --output found
        glip detect photo.jpg --caption "a woman in an orange suit next to a flag" --json -
        glip detect pictures/ --classes-file names.txt --json detections.json
      """,
    version: "0.1.0",
    subcommands: [Detect.self, TraceCommand.self, Convert.self, Inspect.self, Models.self])
}
